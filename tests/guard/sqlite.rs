//! What a pin view holds on SQLite, and what it does not.

use bgmigrate::guard::sqlite::{drop_pin_view, pin_view};
use bgmigrate::model::{Ident, Name};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection};

#[tokio::test]
async fn a_pin_view_stops_drop_column_of_what_it_names_and_nothing_else() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let mut passes = async |sql: &str| {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut connection).await.is_ok()
    };
    let users = Name::bare(Ident::folded("users"));
    let columns = [Ident::folded("id"), Ident::folded("name")];
    assert!(passes("CREATE TABLE users (id integer PRIMARY KEY, name text, age integer)").await);
    assert!(passes(&pin_view("v1.0", &users, &columns)).await);
    assert!(!passes("ALTER TABLE users DROP COLUMN name").await);
    assert!(passes("ALTER TABLE users DROP COLUMN age").await);
    assert!(passes("ALTER TABLE users RENAME COLUMN name TO title").await);
    assert!(!passes("ALTER TABLE users DROP COLUMN title").await);
    assert!(passes(&drop_pin_view("v1.0", &users)).await);
    assert!(passes("ALTER TABLE users DROP COLUMN title").await);
}
