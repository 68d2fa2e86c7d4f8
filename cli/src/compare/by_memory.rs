//! A run beside a memory sweep: its figures are those of the sweep with the same size.

use results::scenario::Detail;

use super::Side;
use crate::scenario::memory_mb;
use crate::scenario::shared::memory_sweep::prefixed;

/// Names the figures of runs by their functions' memory, as a sweep's are, if one of the results is a sweep.
pub fn name_alike(sides: &mut [Side]) {
    let is_sweep = |side: &Side| matches!(side.result.detail, Detail::MemorySweep(_));
    if !sides.iter().any(is_sweep) {
        return;
    }
    for Side { result, .. } in sides.iter_mut().filter(|side| !is_sweep(side)) {
        let named = |name: &str| memory_mb(result, name).map(|memory_mb| prefixed(memory_mb, name));
        let summaries: Vec<_> = result.summary.iter().map(|one| named(&one.name)).collect();
        let costs: Vec<_> = result.cost.iter().map(|one| named(&one.item)).collect();
        for (one, name) in result.summary.iter_mut().zip(summaries) {
            one.name = name.unwrap_or_else(|| one.name.clone());
        }
        for (one, name) in result.cost.iter_mut().zip(costs) {
            one.item = name.unwrap_or_else(|| one.item.clone());
        }
    }
}
