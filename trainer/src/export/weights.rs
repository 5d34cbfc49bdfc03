//! `model.safetensors`.

use std::collections::{BTreeMap, HashMap};
use std::io;

use safetensors::tensor::{Dtype, TensorView};
use tch::Tensor;

use crate::checkpoint::bytes_of;

/// The file's bytes: fp32, tied weights once, marked as PyTorch's, without which transformers before 4.47 refuses it.
///
/// # Errors
/// When libtorch cannot give the entries, or there is no room for them.
pub fn serialize(weights: &BTreeMap<String, Tensor>) -> io::Result<Vec<u8>> {
    let mut entries = Vec::with_capacity(weights.len());
    for (name, tensor) in weights {
        let shape: Vec<usize> = tensor.size().iter().map(|size| *size as usize).collect();
        entries.push((name.as_str(), shape, bytes_of(tensor).map_err(io::Error::other)?));
    }
    let mut views = Vec::with_capacity(entries.len());
    for (name, shape, bytes) in &entries {
        views.push((*name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(io::Error::other)?));
    }
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)
}
