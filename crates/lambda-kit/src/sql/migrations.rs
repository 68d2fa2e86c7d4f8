//! A scenario's migrations, one a file.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The migrations of `sql/<scenario>/migrations/`: each file's name without `.sql`, and its text.
///
/// `sqlx::migrate!` makes the same, but its crate compiles TLS, and with it a cryptography library in C, once more for the
/// compiler's own use.
#[derive(Debug, Clone, Copy)]
pub struct Migrations(pub &'static [(&'static str, &'static str)]);

impl Migrations {
    /// How many there are.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.len()
    }

    /// What applies them: with the same versions, descriptions and checksums as sqlx makes of the files.
    ///
    /// # Panics
    /// If a file's name is not `<number>_<description>`, which the test that [`migrations!`](crate::migrations) writes finds.
    #[must_use]
    pub fn migrator(self) -> Migrator {
        Migrator::with_migrations(self.0.iter().map(|(name, sql)| migration(name, sql)).collect())
    }
}

fn migration(name: &'static str, sql: &'static str) -> Migration {
    let (version, description) = name.split_once('_').expect("<number>_<description>");
    let version = version.parse().expect("<number>_<description>");
    let description = description.replace('_', " ");
    Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
}

/// A static `MIGRATIONS` of the files of `sql/<scenario>/migrations/` that are named, and a test that all of them are.
#[macro_export]
macro_rules! migrations {
    ($scenario:literal; $($file:literal,)*) => {
        #[doc = concat!("The migrations of `sql/", $scenario, "/migrations/`.")]
        static MIGRATIONS: $crate::sql::Migrations = $crate::sql::Migrations(&[$(($file, include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/../../sql/", $scenario, "/migrations/", $file, ".sql"
        )))),*]);

        #[cfg(test)]
        mod migrations {
            #[tokio::test]
            async fn every_file_is_a_migration_as_sqlx_reads_it() {
                let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql/", $scenario, "/migrations");
                $crate::sql::check_migrations(folder.as_ref(), super::MIGRATIONS).await;
            }
        }
    };
}

/// That migrations are those that sqlx reads from a folder.
///
/// # Panics
/// If they are not.
pub async fn check_migrations(folder: &std::path::Path, migrations: Migrations) {
    let read = Migrator::new(folder).await.expect("a folder of migrations");
    let of = |migrator: &Migrator| -> Vec<_> {
        let parts = |one: &Migration| (one.version, one.description.clone(), one.checksum.clone(), one.no_tx);
        migrator.iter().map(parts).collect()
    };
    assert_eq!(of(&migrations.migrator()), of(&read));
}
