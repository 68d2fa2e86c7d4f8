//! Choices of `lambench local start` that later commands have to know.

use std::fs;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::project::Project;

/// A choice that is kept in a file of the project's state.
pub trait Choice: ValueEnum {
    /// The file's name.
    const FILE: &str;

    /// The one that the environment was last started with.
    fn chosen(project: &Project) -> Option<Self> {
        let name = fs::read_to_string(project.state.join(Self::FILE)).ok()?;
        Self::from_str(name.trim(), false).ok()
    }

    /// Stores the choice.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    fn remember(&self, project: &Project) -> Result<()> {
        let file = project.folder("")?.join(Self::FILE);
        fs::write(&file, self.name()).with_context(|| format!("cannot write '{}'", file.display()))
    }

    /// Its name on the command line.
    fn name(&self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
