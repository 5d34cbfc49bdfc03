//! Tensors of safetensors files, and whether they are those of a network.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use tch::{Kind, Tensor};

use super::error::TrainedError;
use crate::parameters::Declaration;

/// The one file of a small model.
pub const SINGLE: &str = "model.safetensors";
/// The list of files of a large one.
const INDEX: &str = "model.safetensors.index.json";
/// The older container, which only Python can read.
const PICKLE: &str = "pytorch_model.bin";

/// All tensors in `folder` in fp32 on the processor: of one safetensors file, or of all that its index names.
///
/// # Errors
/// When there is none, or one is damaged or holds other numbers than floats.
pub fn read_folder(folder: &Path) -> Result<BTreeMap<String, Tensor>, TrainedError> {
    let single = folder.join(SINGLE);
    if single.exists() {
        return read_file(&single);
    }
    let mut tensors = BTreeMap::new();
    for path in shards(folder)? {
        tensors.extend(read_file(&path)?);
    }
    Ok(tensors)
}

/// The files that the index of a model in parts names.
fn shards(folder: &Path) -> Result<Vec<PathBuf>, TrainedError> {
    let index = folder.join(INDEX);
    let Ok(text) = fs::read(&index) else {
        let reason = if folder.join(PICKLE).exists() {
            format!(
                "there is no {SINGLE} beside it; write one in Python with \
                 `model.save_pretrained(folder, safe_serialization=True)`"
            )
        } else {
            format!("there is neither {SINGLE} nor {INDEX}")
        };
        let path = if folder.join(PICKLE).exists() { folder.join(PICKLE) } else { folder.to_owned() };
        return Err(TrainedError::unusable(&path, reason));
    };
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| TrainedError::unusable(&index, error.to_string()))?;
    let map = value["weight_map"].as_object().ok_or_else(|| TrainedError::unusable(&index, "it has no weight_map"))?;
    let mut names: Vec<&str> = map.values().filter_map(serde_json::Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    // A part is a file of this folder, whatever the index says.
    if let Some(name) = names.iter().find(|name| name.contains('/')) {
        return Err(TrainedError::unusable(&index, format!("{name:?} is not the name of a file beside it")));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

fn read_file(path: &Path) -> Result<BTreeMap<String, Tensor>, TrainedError> {
    let content = fs::read(path).map_err(|source| TrainedError::read(path, source))?;
    let file = SafeTensors::deserialize(&content)
        .map_err(|error| TrainedError::unusable(path, format!("it is no whole safetensors file: {error}")))?;
    file.iter().map(|(name, view)| Ok((name.to_owned(), to_fp32(path, name, &view)?))).collect()
}

fn to_fp32(path: &Path, name: &str, view: &TensorView<'_>) -> Result<Tensor, TrainedError> {
    let kind = match view.dtype() {
        Dtype::F64 => Kind::Double,
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        // Buffers of masks in files of old versions: never parameters, so their values do not matter.
        Dtype::BOOL | Dtype::U8 => Kind::Uint8,
        other => return Err(TrainedError::unusable(path, format!("`{name}` holds {other:?}, not floats"))),
    };
    let shape: Vec<i64> = view.shape().iter().map(|size| *size as i64).collect();
    Ok(Tensor::f_from_data_size(view.data(), &shape, kind)?.f_to_kind(Kind::Float)?)
}

/// Everything that keeps tensors from being those of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Misfit {
    /// Names that the network has and the file has not.
    pub missing: Vec<String>,
    /// Names that the file has and the network has not.
    pub extra: Vec<String>,
    /// Names with the shape found and the shape needed.
    pub misshaped: Vec<(String, Vec<i64>, Vec<i64>)>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|name| format!("missing: {name}"));
        let extra = self.extra.iter().map(|name| format!("not of this model: {name}"));
        let misshaped = self
            .misshaped
            .iter()
            .map(|(name, found, needed)| format!("wrong shape: {name} is {found:?}, the model needs {needed:?}"));
        let lines: Vec<String> = missing.chain(extra).chain(misshaped).map(|line| format!("  {line}")).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

/// Checks that `tensors` are exactly the declared parameters.
///
/// # Errors
/// Everything that is missing, extra or of another shape.
pub fn check(declarations: &[Declaration], tensors: &BTreeMap<String, Tensor>) -> Result<(), Misfit> {
    let mut misfit = Misfit::default();
    let mut declared = BTreeSet::new();
    for declaration in declarations {
        declared.insert(declaration.name.as_str());
        match tensors.get(&declaration.name) {
            None => misfit.missing.push(declaration.name.clone()),
            Some(tensor) if tensor.size() != declaration.shape => {
                misfit.misshaped.push((declaration.name.clone(), tensor.size(), declaration.shape.clone()));
            }
            Some(_) => {}
        }
    }
    misfit.extra = tensors.keys().filter(|name| !declared.contains(name.as_str())).cloned().collect();
    if misfit == Misfit::default() { Ok(()) } else { Err(misfit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Start;

    fn declaration(name: &str, shape: &[i64]) -> Declaration {
        Declaration { name: name.to_owned(), shape: shape.to_vec(), start: Start::Constant(0.0), decays: false }
    }

    #[test]
    fn everything_that_does_not_fit_is_said_at_once() {
        let zeros = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, tch::Device::Cpu));
        let declarations = [declaration("a", &[2]), declaration("b", &[2, 3]), declaration("c", &[1])];
        let mut tensors = BTreeMap::from([
            ("b".to_owned(), zeros(&[3, 2])),
            ("c".to_owned(), zeros(&[1])),
            ("d".to_owned(), zeros(&[5])),
        ]);
        insta::assert_snapshot!(check(&declarations, &tensors).unwrap_err(), @r"
          missing: a
          not of this model: d
          wrong shape: b is [3, 2], the model needs [2, 3]
        ");
        tensors.remove("d");
        tensors.insert("a".to_owned(), zeros(&[2]));
        tensors.insert("b".to_owned(), zeros(&[2, 3]));
        assert_eq!(check(&declarations, &tensors), Ok(()));
    }
}
