//! A driver that this build was made without.

use super::{Aim, Deadline, Failure, Promises, Reading, Remark, Router};

/// Says so whatever it is asked. The configuration stays valid: commands that need no router work all the same.
#[derive(Clone, Debug)]
pub struct Absent {
    /// The driver.
    pub driver: &'static str,
    /// The feature that has it.
    pub feature: &'static str,
}

impl Absent {
    fn why(&self) -> String {
        let Self { driver, feature } = self;
        format!(
            "this bgmigrate was built without the driver `{driver}`: take a released binary, or build with `--features {feature}`"
        )
    }
}

impl Router for Absent {
    fn promises(&self) -> Promises {
        Promises {
            fenced: false,
            lossless: false,
            atomic: false,
            weighted: false,
        }
    }

    fn check(&self, _: Deadline) -> Vec<Remark> {
        vec![Remark::wrong(self.why())]
    }

    fn observe(&self, _: Deadline) -> Result<Reading, String> {
        Err(self.why())
    }

    fn shift(&self, _: &Aim, _: Deadline) -> Result<(), Failure> {
        Err(Failure::Unmoved(self.why()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_driver_that_was_not_built_says_so_and_moves_nothing() {
        let absent = Absent {
            driver: "aws-alb",
            feature: "aws",
        };
        let soon = Deadline::within(Duration::from_secs(1));
        let why = absent.observe(soon).unwrap_err();
        assert!(why.contains("`--features aws`"), "{why}");
        assert!(absent.check(soon).iter().all(|remark| remark.wrong));
        assert_eq!(
            absent.shift(&Aim::at("green", 2), soon),
            Err(Failure::Unmoved(why))
        );
    }
}
