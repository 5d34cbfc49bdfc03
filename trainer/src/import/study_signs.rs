//! Whether what does not fit looks like a layer of the study that nobody has named.

use crate::trained::tensors::Misfit;

/// Where the study's classes keep what an activation learns.
const ACTIVATIONS: [&str; 2] = [".mlp.act.", ".intermediate.intermediate_act_fn."];
/// The first map of a feed-forward layer.
const INPUTS: [&str; 2] = [".mlp.c_fc.weight", ".intermediate.dense.weight"];
/// The second.
const OUTPUTS: [&str; 2] = [".mlp.c_proj.weight", ".output.dense.weight"];

/// Whether `misfit` has an activation that learns where the model has none, or a first map of two halves before a
/// second map that fits. Shapes that another number in `config.json` would explain are no sign.
pub fn are_in(misfit: &Misfit) -> bool {
    let learns = |name: &String| ACTIVATIONS.iter().any(|part| name.contains(part));
    let ends = |name: &str, ends: [&str; 2]| ends.iter().any(|end| name.ends_with(end));
    let has_halves = misfit.misshaped.iter().any(|(name, found, needed)| match (found.as_slice(), needed.as_slice()) {
        ([rows, columns], [half, same]) => ends(name, INPUTS) && *rows == 2 * half && columns == same,
        _ => false,
    });
    let second_fits = !misfit.misshaped.iter().any(|(name, ..)| ends(name, OUTPUTS));
    misfit.extra.iter().any(learns) || has_halves && second_fits
}
