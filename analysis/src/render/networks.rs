//! What the networks of the study cost: parameters by component, width, operations.

use spec::budget::ParameterCount;

use super::rows::NOTHING;
use super::sheets::Sheet;
use crate::number;
use crate::report::Report;

/// One table with a row for every network, as its trainer counted it; none where no trainer did.
pub fn networks(report: &Report) -> Vec<Sheet> {
    let factors = report.study.factors.iter().map(|factor| factor.name.as_str());
    let columns = ParameterCount::COMPONENTS.into_iter().chain(["all", "ffn width", "FLOPs a token"]);
    let mut sheet = Sheet::new("Parameters by component", factors.chain(columns));
    sheet.lead.push(
        "Tied weights are counted once. The width is that of a feed-forward layer, after matching where the study asks for it. \
         FLOPs are those of one trained token, forward and backward."
            .to_owned(),
    );
    for run in &report.runs {
        let Some(network) = &run.network else { continue };
        let mut cells: Vec<String> = run.settings.iter().map(|setting| setting.level.clone()).collect();
        let parts = [network.embeddings, network.attention, network.feed_forward, network.norms, network.head];
        cells.extend(parts.iter().chain([&parts.iter().sum()]).map(|count| number::count(*count)));
        cells.push(number::count(u64::from(network.width)));
        cells.push(network.flops_per_token.map_or_else(|| NOTHING.to_owned(), |flops| format!("{flops:.2e}")));
        // The runs of an arm differ by their seed, and their networks by nothing.
        if sheet.rows.iter().all(|row| row.cells != cells) {
            sheet.push(cells, "");
        }
    }
    if sheet.rows.is_empty() { Vec::new() } else { vec![sheet] }
}
