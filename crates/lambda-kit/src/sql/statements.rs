//! A scenario's statements, one a file.

/// The statements of `sql/<scenario>/statements/`, each file as a static [`Statement`](crate::sql::Statement), and a test that
/// every file is one of them and says at its head what it does.
#[macro_export]
macro_rules! statements {
    ($scenario:literal; $($name:ident = $file:literal;)*) => {
        $(
            #[doc = concat!("`sql/", $scenario, "/statements/", $file, ".sql`.")]
            pub static $name: $crate::sql::Statement = $crate::sql::Statement::new(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/../../sql/", $scenario, "/statements/", $file, ".sql"
            )));
        )*

        #[cfg(test)]
        mod tests {
            #[test]
            fn every_file_is_a_statement_with_a_comment_and_is_used() {
                let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql/", $scenario, "/statements");
                $crate::sql::check_statements(folder.as_ref(), &[$(($file, &super::$name)),*]);
            }
        }
    };
}
