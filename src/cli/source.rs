//! From the command line to a folder that has been read: configuration, folder, engine, layout.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::database::dialect_of_database;
use super::{Global, Wanted, output};
use crate::config::{Config, FILE_NAME};
use crate::files::{self, DiskError, Repository};
use crate::fix::History;
use crate::folder::{self, Content, Entry, Folder, FolderError, Tree};
use crate::lint::rules;
use crate::model::{Dialect, Engine, Flavour, Migration};
use crate::review::{RuleSettings, Settings, Standing};
use crate::scaffold::ScaffoldError;
use crate::spread::spread;

/// A folder, read, with the settings to review it.
pub(super) struct Source {
    /// Its files as they were read.
    pub tree: Tree,
    /// Which of its migrations databases may have run already.
    pub history: History,
    /// The folder as its layout tells it.
    pub folder: Folder,
    /// How to review it.
    pub settings: Settings,
    /// How each migration is to be judged, by its index.
    pub standing: Vec<Standing>,
    /// What stands before a migration's file to make the path that people read.
    prefix: PathBuf,
    /// Files that were named by themselves, as they were given.
    given: HashMap<String, PathBuf>,
}

impl Source {
    /// The path of a migration's file, as given or relative to the working directory.
    pub(super) fn path(&self, migration: &Migration) -> String {
        self.path_of(&migration.file)
    }

    /// The path of a file of the folder, as given or relative to the working directory.
    pub(super) fn path_of(&self, file: &str) -> String {
        let path = self.path_on_disk(file);
        let plain: PathBuf = path
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        plain.to_string_lossy().replace('\\', "/")
    }

    /// Where a file of the folder is.
    pub(super) fn path_on_disk(&self, file: &str) -> PathBuf {
        match self.given.get(file) {
            Some(given) => given.clone(),
            None => self.prefix.join(file),
        }
    }

    /// How much text there is to read, in bytes.
    pub(super) fn text_bytes(&self) -> usize {
        let texts = self.folder.migrations.iter();
        texts.map(|migration| migration.text.len()).sum()
    }

    /// Whether it was read from standard input.
    pub(super) fn is_stdin(&self) -> bool {
        self.prefix.as_os_str().is_empty() && self.given.contains_key(STDIN)
    }
}

/// The name under which standard input is read.
const STDIN: &str = "stdin.sql";

/// Which migrations of a folder are under review.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// All of them, each by itself.
    All,
    /// Those that were added or changed since a git ref, as one pending set.
    Since(&'a str),
}

/// What a command does with a folder that no layout fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// Read every SQL file in path order, and say so.
    ReadLoose,
    /// An error.
    Refuse,
}

/// The configuration, and where relative paths in it start.
pub(super) struct Home {
    /// What it says.
    pub config: Config,
    /// The folder that relative paths in it start from.
    pub folder: PathBuf,
}

impl Home {
    /// Finds and reads the configuration.
    pub(super) fn find(global: &Global) -> Result<Self> {
        let file = match &global.config {
            Some(file) => Some(file.clone()),
            None => upwards(&std::env::current_dir().context("finding the working directory")?),
        };
        let Some(file) = file else {
            return Ok(Self {
                config: Config::default(),
                folder: PathBuf::new(),
            });
        };
        let text = match files::read_file(&file) {
            Err(DiskError::Missing { path }) => bail!(
                "there is no configuration file `{}`; check --config and BGMIGRATE_CONFIG",
                path.display()
            ),
            read => read.context("reading the configuration")?,
        };
        let shown = relative_to_here(&file);
        let config = Config::read(&shown, &text, |name| std::env::var(name).ok())?;
        if global.verbose {
            output::talk(format_args!("configuration: {}", shown.display()));
        }
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self {
            config,
            folder: relative_to_here(&folder),
        })
    }

    /// The folder to read when the command names none.
    fn migrations(&self, global: &Global) -> PathBuf {
        match (&global.dir, &self.config.dir) {
            (Some(dir), _) => dir.clone(),
            (None, Some(dir)) => self.folder.join(dir),
            (None, None) => self.folder.join("migrations"),
        }
    }
}

fn upwards(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .map(|folder| folder.join(FILE_NAME))
        .find(|file| file.is_file())
}

/// A path as seen from the working directory, where it lies below it; else unchanged.
fn relative_to_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned))
        .unwrap_or_else(|| path.to_owned())
}

/// Reads what the command line names: each folder, or the folders of the files named, or standard input.
pub(super) fn sources(
    global: &Global,
    paths: &[PathBuf],
    scope: Scope<'_>,
    misfit: Misfit,
) -> Result<Vec<Source>> {
    let home = Home::find(global)?;
    if paths.is_empty() {
        let mut talk = Talk::default();
        let dir = home.migrations(global);
        let source = of_folder(&home, global, &dir, scope, misfit, &mut talk);
        talk.tell();
        return Ok(vec![source?]);
    }
    if paths.iter().any(|path| path.as_os_str() == "-") {
        if paths.len() > 1 {
            bail!("`-` (standard input) cannot be mixed with other paths");
        }
        let mut talk = Talk::default();
        let source = of_stdin(&home, global, &mut talk);
        talk.tell();
        return Ok(vec![source?]);
    }
    let mut wanted = Vec::new();
    let mut by_root: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in paths {
        if files::is_folder(path)? {
            wanted.push(Wish::Folder(path.clone()));
        } else {
            by_root
                .entry(root_of(path, &home.migrations(global)))
                .or_default()
                .push(path.clone());
        }
    }
    wanted.extend(
        by_root
            .into_iter()
            .map(|(root, files)| Wish::Files { root, files }),
    );
    let read = spread(&wanted, 1, |wish| {
        let mut talk = Talk::default();
        let source = match wish {
            Wish::Folder(dir) => of_folder(&home, global, dir, scope, misfit, &mut talk),
            Wish::Files { root, files } => of_files(&home, global, root, files, scope, &mut talk),
        };
        (talk, source)
    });
    let mut sources = Vec::new();
    for (talk, source) in read {
        talk.tell();
        sources.push(source?);
    }
    Ok(sources)
}

/// What the command line names.
enum Wish {
    /// A folder.
    Folder(PathBuf),
    /// Files of the folder `root`.
    Files { root: PathBuf, files: Vec<PathBuf> },
}

/// What is to be said about one source. Sources are read side by side, and spoken of one after the other.
#[derive(Default)]
struct Talk(Vec<String>);

impl Talk {
    fn say(&mut self, text: impl std::fmt::Display) {
        self.0.push(text.to_string());
    }

    fn tell(self) {
        self.0.into_iter().for_each(output::talk);
    }
}

/// The migration folder that a file named by itself belongs to: the configured one where it lies in it,
/// else the folder that holds it, or (`20240101_name/up.sql`) the one above.
fn root_of(file: &Path, configured: &Path) -> PathBuf {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if absolute(file).starts_with(absolute(configured)) {
        return configured.to_owned();
    }
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let one_folder_each = matches!(
        file.file_name().and_then(|name| name.to_str()),
        Some("up.sql" | "down.sql" | "migration.sql")
    );
    match parent.parent() {
        Some(above) if one_folder_each && above.as_os_str().is_empty() => PathBuf::from("."),
        Some(above) if one_folder_each => above.to_owned(),
        _ => parent.to_owned(),
    }
}

fn of_folder(
    home: &Home,
    global: &Global,
    dir: &Path,
    scope: Scope<'_>,
    misfit: Misfit,
    talk: &mut Talk,
) -> Result<Source> {
    let tree = files::read_tree(dir)?;
    let dialect = dialect(home, global, &tree, dir, talk)?;
    let folder = read_folder(home, global, &tree, dialect, misfit)
        .with_context(|| format!("{}", dir.display()))?;
    let history = history(&folder, home.config.released.as_deref(), scope)?;
    let standing = match scope {
        Scope::All => since_release(&folder, &history),
        Scope::Since(reference) => {
            let changed = changed_since(dir, reference)?;
            standing(&folder, |migration| changed.get(&migration.file).copied())
        }
    };
    let read = Read {
        tree,
        folder,
        dialect,
        standing,
        history,
    };
    source(home, global, read, dir.to_owned(), HashMap::new(), talk)
}

/// The configured folder, every migration judged by itself: what a database has applied is for its record to tell.
pub(super) fn whole_folder(home: &Home, global: &Global) -> Result<Source> {
    let mut talk = Talk::default();
    let dir = home.migrations(global);
    let source = of_folder(home, global, &dir, Scope::All, Misfit::Refuse, &mut talk);
    talk.tell();
    let mut source = source?;
    source.standing.fill(Standing::Alone);
    Ok(source)
}

/// The configured folder, to write new migrations into. It may be missing or hold none yet, if the layout is named.
pub(super) fn to_grow(global: &Global) -> Result<Source> {
    let home = Home::find(global)?;
    let dir = home.migrations(global);
    let mut talk = Talk::default();
    let tree = match files::read_tree(&dir) {
        Err(DiskError::Missing { .. }) => Tree::default(),
        read => read?,
    };
    let layout = match global.layout {
        Some(Wanted::Named(layout)) => Some(layout),
        Some(Wanted::Auto) => None,
        None => home.config.layout()?,
    };
    let dialect = dialect(&home, global, &tree, &dir, &mut talk)?;
    let folder = match folder::read(&tree, layout, dialect) {
        Err(FolderError::Empty { .. } | FolderError::NoMigration { .. }) if layout.is_some() => {
            Folder {
                layout,
                because: "as configured".to_owned(),
                migrations: Vec::new(),
                notices: Vec::new(),
            }
        }
        Err(FolderError::Empty { .. }) => return Err(ScaffoldError::NoLayout.into()),
        read => read.with_context(|| format!("{}", dir.display()))?,
    };
    let read = Read {
        standing: vec![Standing::Alone; folder.migrations.len()],
        history: History::Unknown,
        tree,
        folder,
        dialect,
    };
    let source = source(&home, global, read, dir, HashMap::new(), &mut talk);
    talk.tell();
    source
}

/// Every migration by itself, but for those up to the configured `released`.
fn since_release(folder: &Folder, history: &History) -> Vec<Standing> {
    let mut standing = vec![Standing::Alone; folder.migrations.len()];
    if let History::ReleasedBefore(index) = history {
        standing[..*index].fill(Standing::Released);
    }
    standing
}

/// What the git ref, or else the configuration, tells of the migrations that databases may have run already.
fn history(folder: &Folder, released: Option<&str>, scope: Scope<'_>) -> Result<History> {
    match (scope, released) {
        (Scope::Since(_), _) => Ok(History::NotPending),
        (Scope::All, None) => Ok(History::Unknown),
        (Scope::All, Some(id)) => {
            let named = |migration: &Migration| migration.id == id || migration.file == id;
            match folder.migrations.iter().position(named) {
                Some(last) => Ok(History::ReleasedBefore(last + 1)),
                None => bail!(
                    "`released = \"{id}\"` in {FILE_NAME} names no migration of the folder; give an id or a file of it"
                ),
            }
        }
    }
}

/// The standing of each migration: the chosen one, or else it was released earlier.
fn standing(folder: &Folder, chosen: impl Fn(&Migration) -> Option<Standing>) -> Vec<Standing> {
    let each = folder.migrations.iter();
    each.map(|migration| chosen(migration).unwrap_or(Standing::Released))
        .collect()
}

/// How the files that a branch adds or edits are to be judged.
fn changed_since(dir: &Path, reference: &str) -> Result<HashMap<String, Standing>> {
    let changed = Repository::of(dir)?.changed_since(reference)?;
    let judged = changed.into_iter().map(|file| {
        let standing = if file.edited {
            Standing::Edited
        } else {
            Standing::Pending
        };
        (file.path, standing)
    });
    Ok(judged.collect())
}

/// Files named by themselves are judged in the context of the earlier files of their folder.
fn of_files(
    home: &Home,
    global: &Global,
    root: &Path,
    named: &[PathBuf],
    scope: Scope<'_>,
    talk: &mut Talk,
) -> Result<Source> {
    let tree = files::read_tree(root)?;
    let dialect = dialect(home, global, &tree, root, talk)?;
    let folder = read_folder(home, global, &tree, dialect, Misfit::ReadLoose)
        .with_context(|| format!("{}", root.display()))?;
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut given = HashMap::new();
    for path in named {
        let inside = absolute(path);
        let inside = inside
            .strip_prefix(absolute(root))
            .unwrap_or(&inside)
            .to_string_lossy()
            .replace('\\', "/");
        given.insert(inside, path.clone());
    }
    let found: HashSet<&str> = folder
        .migrations
        .iter()
        .map(|migration| migration.file.as_str())
        .collect();
    for (inside, path) in &given {
        if !found.contains(inside.as_str()) && !global.quiet {
            talk.say(format_args!(
                "{}: not a migration of its folder's way up, so it is not judged",
                path.display()
            ));
        }
    }
    if !given.keys().any(|inside| found.contains(inside.as_str())) {
        let layout = folder
            .layout
            .map_or("path order".to_owned(), |layout| layout.to_string());
        bail!(
            "none of the files named is a migration: {} was read as {layout}; name the folder to see what is in it",
            root.display()
        );
    }
    let is_given = |migration: &Migration| given.contains_key(&migration.file);
    let standing = match scope {
        Scope::All => standing(&folder, |migration| {
            is_given(migration).then_some(Standing::Alone)
        }),
        Scope::Since(reference) => {
            let changed = changed_since(root, reference)?;
            standing(&folder, |migration| {
                let changed = changed.get(&migration.file).copied();
                changed.filter(|_| is_given(migration))
            })
        }
    };
    let history = history(&folder, home.config.released.as_deref(), scope)?;
    let read = Read {
        tree,
        folder,
        dialect,
        standing,
        history,
    };
    source(home, global, read, root.to_owned(), given, talk)
}

fn of_stdin(home: &Home, global: &Global, talk: &mut Talk) -> Result<Source> {
    let text = files::read_stdin()?;
    let tree = Tree::new(vec![Entry {
        path: STDIN.to_owned(),
        content: Content::Text(text),
    }]);
    let dialect = dialect(home, global, &tree, Path::new("standard input"), talk)?;
    let folder = folder::read_loose(&tree, dialect).context("standard input")?;
    let standing = vec![Standing::Alone; folder.migrations.len()];
    let given = HashMap::from([(STDIN.to_owned(), PathBuf::from("<stdin>"))]);
    let read = Read {
        tree,
        folder,
        dialect,
        standing,
        history: History::Unknown,
    };
    source(home, global, read, PathBuf::new(), given, talk)
}

/// A folder that was read, and for which engine.
struct Read {
    tree: Tree,
    folder: Folder,
    dialect: Dialect,
    standing: Vec<Standing>,
    history: History,
}

fn source(
    home: &Home,
    global: &Global,
    read: Read,
    prefix: PathBuf,
    given: HashMap<String, PathBuf>,
    talk: &mut Talk,
) -> Result<Source> {
    let Read {
        tree,
        folder,
        dialect,
        standing,
        history,
    } = read;
    let settings = settings(home, dialect)?;
    if global.verbose {
        let layout = folder
            .layout
            .map_or("none".to_owned(), |layout| layout.to_string());
        talk.say(format_args!("layout: {layout} ({})", folder.because));
        talk.say(format_args!("engine: {}", settings.engine));
    }
    if !global.quiet {
        if folder.layout.is_none() && prefix.as_os_str() != "" {
            talk.say(format_args!("{}: {}", prefix.display(), folder.because));
        }
        for notice in &folder.notices {
            talk.say(format_args!("note: {notice}"));
        }
    }
    Ok(Source {
        tree,
        history,
        folder,
        settings,
        standing,
        prefix,
        given,
    })
}

fn read_folder(
    home: &Home,
    global: &Global,
    tree: &Tree,
    dialect: Dialect,
    misfit: Misfit,
) -> Result<Folder> {
    let layout = match global.layout {
        Some(Wanted::Auto) => None,
        Some(Wanted::Named(layout)) => Some(layout),
        None => home.config.layout()?,
    };
    match folder::read(tree, layout, dialect) {
        Err(error) if misfit == Misfit::ReadLoose && layout.is_none() && error.is_misfit() => {
            Ok(folder::read_loose(tree, dialect)?)
        }
        other => Ok(other?),
    }
}

fn dialect(
    home: &Home,
    global: &Global,
    tree: &Tree,
    dir: &Path,
    talk: &mut Talk,
) -> Result<Dialect> {
    if let Some(dialect) = global.dialect.or(home.config.dialect) {
        return Ok(dialect);
    }
    let guessed = folder::guess_dialect(tree).map(|guess| (guess.dialect, guess.because));
    let asked = || {
        Some((
            dialect_of_database(global, home)?,
            "the database's URL".to_owned(),
        ))
    };
    let Some((dialect, because)) = guessed.or_else(asked) else {
        bail!(
            "{}: nothing tells which engine this SQL is for; say `--dialect postgres`, `mysql` or `sqlite`, \
             or `dialect = \"…\"` in {FILE_NAME}",
            dir.display()
        );
    };
    if global.verbose {
        talk.say(format_args!("dialect: {} ({because})", dialect.name()));
    }
    Ok(dialect)
}

fn settings(home: &Home, dialect: Dialect) -> Result<Settings> {
    let engine = engine(home, dialect)?;
    let configured = home
        .config
        .lint
        .rules
        .iter()
        .map(|(id, severity)| (id.clone(), *severity));
    let configured: HashMap<_, _> = configured.collect();
    debug_assert!(
        configured
            .keys()
            .all(|id| rules().iter().any(|rule| rule.id == id))
    );
    Ok(Settings {
        engine,
        surroundings: home.config.surroundings(),
        rules: RuleSettings::new(dialect, &configured),
    })
}

/// The server to judge for. Version and flavour in the file are those of the file's dialect: a command that asks
/// for another one gets its default.
fn engine(home: &Home, dialect: Dialect) -> Result<Engine> {
    let mut engine = Engine::default_for(dialect);
    if home
        .config
        .dialect
        .is_some_and(|configured| configured != dialect)
    {
        return Ok(engine);
    }
    if let Some(flavour) = home.config.flavour {
        if flavour == Flavour::MariaDb && dialect != Dialect::Mysql {
            bail!(
                "{FILE_NAME}: `flavour = \"mariadb\"` goes with `dialect = \"mysql\"`, not with `{}`; remove it, or set the \
                 dialect",
                dialect.name()
            );
        }
        engine = Engine::default_of(dialect, flavour);
    }
    if let Some(version) = home.config.version().map_err(anyhow::Error::msg)? {
        engine.version = version;
    }
    Ok(engine)
}
