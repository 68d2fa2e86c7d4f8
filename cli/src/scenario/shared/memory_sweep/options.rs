//! `--memory`, as every scenario has it.

use clap::Args;

use crate::scenario::shared::tables::distinct;

/// A scenario's options, and the memory sizes to try.
#[derive(Debug, Args)]
pub struct WithMemory<Options: Args> {
    /// What only the scenario takes.
    #[command(flatten)]
    pub options: Options,
    /// What every scenario takes.
    #[command(flatten)]
    pub memory: MemorySizes,
}

/// The memory sizes to try.
#[derive(Debug, Args)]
pub struct MemorySizes {
    /// Memory sizes to try, MB, such as 128,512,1024: the measured functions get one after the other, and their own
    /// back at the end [default: as they are deployed]
    #[arg(
        long = "memory",
        value_name = "MB,…",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u64).range(128..=10_240)
    )]
    sizes: Vec<u64>,
}

impl MemorySizes {
    /// Each once, in their order; none: as the functions are deployed.
    pub fn all(&self) -> Vec<u64> {
        distinct(self.sizes.iter()).into_iter().copied().collect()
    }
}
