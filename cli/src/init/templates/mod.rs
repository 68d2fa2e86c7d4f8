//! What a new contender is made of: files that tests compile and run elsewhere, so that they keep working.

use clap::ValueEnum;

use super::name::Name;

/// Tested with the other contenders.
const PYTHON: &str = include_str!("../../../../contenders/python/naive/index.py");
/// The first line of [`PYTHON`].
const BASELINE: &str = "\"\"\"The baseline of the archive contest: one object after the other, into a ZIP that leaves in parts.\"\"\"";
const PYTHON_COMMENT: &str = "\
\"\"\"Archive contender: one object after the other, into a ZIP that leaves in parts.

What to change: it waits for S3 most of the time, since it reads one object after the other. Reading ahead, and sending several
parts at once, make it faster and so cheaper; larger parts need fewer requests.
\"\"\"";

const OWN_SETTINGS: &str = "\
# What this contender has of its own: memory (MB), timeout (s), ephemeralStorage (MB), architecture, runtime, handler,
# environment (variables) and invokesItself (true or false). What isn't here is as the stack has it.
ephemeralStorage: 512
";

/// The languages that there are templates for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    Rust,
    Python,
    Node,
    Go,
    Bootstrap,
}

/// A file of a contender.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is in the contender's folder.
    pub path: &'static str,
    /// What is in it.
    pub content: String,
}

impl Language {
    /// The folder of its contenders below `contenders/`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Node => "node",
            Self::Go => "go",
            Self::Bootstrap => "bootstrap",
        }
    }

    /// The file that makes the archive.
    pub fn program(self) -> &'static str {
        match self {
            Self::Rust => "src/contender.rs",
            Self::Python => "index.py",
            Self::Node => "index.mjs",
            Self::Go => "main.go",
            Self::Bootstrap => "build.sh and bootstrap.sh",
        }
    }
}

/// A contender's files.
pub fn files(name: &Name) -> Vec<File> {
    let file = |path, content: &str| File { path, content: content.to_owned() };
    let settings = || file("contender.yaml", OWN_SETTINGS);
    match name.language {
        Language::Rust => vec![
            File {
                path: "Cargo.toml",
                content: include_str!("rust/Cargo.toml.template")
                    .replace("\"ID\"", &format!("\"{}\"", name.id)),
            },
            settings(),
            file(
                "src/main.rs",
                include_str!("../../../../crates/archive/contender-kit/examples/simple/main.rs"),
            ),
            file(
                "src/contender.rs",
                include_str!("../../../../crates/archive/contender-kit/examples/simple/contender.rs"),
            ),
        ],
        Language::Python => {
            // With less, it takes longer than a function may for all objects.
            let memory = format!("{OWN_SETTINGS}memory: 1769\n");
            vec![
                File { path: "index.py", content: PYTHON.replacen(BASELINE, PYTHON_COMMENT, 1) },
                file("contender.yaml", &memory),
            ]
        }
        Language::Node => vec![
            file("index.mjs", include_str!("node/index.mjs")),
            file("package.json", include_str!("node/package.json")),
            settings(),
        ],
        Language::Go => vec![
            file("main.go", include_str!("go/main.go")),
            file("go.mod", include_str!("go/go.mod")),
            file("go.sum", include_str!("go/go.sum")),
            file("build.sh", include_str!("go/build.sh")),
            settings(),
        ],
        Language::Bootstrap => vec![
            file("build.sh", include_str!("bootstrap/build.sh")),
            file("bootstrap.sh", include_str!("bootstrap/bootstrap.sh")),
            settings(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_says_what_to_change() {
        for language in Language::value_variants() {
            let files = files(&Name { language: *language, id: "mine".to_owned() });
            let program = files.iter().find(|file| language.program().starts_with(file.path)).unwrap();
            assert!(program.content.contains("What to change: "), "{language:?}");
            assert!(files.iter().any(|file| file.path == "contender.yaml"), "{language:?}");
        }
    }

    #[test]
    fn a_python_contender_is_the_baseline_by_another_name() {
        assert!(PYTHON.starts_with(BASELINE), "the template replaces its first line");
    }
}
