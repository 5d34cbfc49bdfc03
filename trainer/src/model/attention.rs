//! Attention within stories.

use std::cell::OnceCell;

use native::gpu::kernels::{FlashAttention, flash_attention};
use native::{PackedMap, Sees, StoryAttention};
use tch::{Device, Kind, Tensor};

pub use super::layout::AttentionLayout;
use super::layout::Group;
use super::linear::{SideBySide, Weights};
use crate::streams::Dropout;

/// Which tokens of its story a token attends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// All of them.
    Whole,
    /// Itself and those before it.
    Back,
    /// Itself and those before it, as many in all as this.
    Window(i64),
}

/// What a [`Sight`] means for one group.
#[derive(Debug)]
pub enum Mask {
    /// Every cell sees every cell.
    Everything,
    /// A cell sees itself and those before it. Empty cells come last, so that no token sees one.
    Causal,
    /// `[1 or stories, 1, 1 or length, length]`: true where a query (third dimension) sees a key (fourth).
    Cells(Tensor),
}

/// The mask of each group of a batch, for all layers that see so; made when the first of them asks.
#[derive(Debug, Default)]
pub struct Masks {
    by_group: OnceCell<Vec<Mask>>,
}

impl Masks {
    fn of(&self, layout: &AttentionLayout, sight: Sight) -> &[Mask] {
        self.by_group.get_or_init(|| layout.groups().iter().map(|group| Mask::new(sight, group)).collect())
    }
}

impl Mask {
    fn new(sight: Sight, group: &Group) -> Self {
        match (sight, &group.occupied) {
            (Sight::Whole, None) => Self::Everything,
            (Sight::Whole, Some(occupied)) => Self::Cells(occupied.shallow_clone()),
            (Sight::Window(window), _) if window < group.length => {
                let device = group.device();
                Self::Cells(lower_triangle(group.length, device).logical_and(&band(group.length, window, device)))
            }
            (Sight::Back | Sight::Window(_), _) => Self::Causal,
        }
    }

    /// The mask cell by cell; nothing where every cell sees every cell.
    fn cells(&self, length: i64, device: Device) -> Option<Tensor> {
        match self {
            Self::Everything => None,
            Self::Causal => Some(lower_triangle(length, device)),
            Self::Cells(cells) => Some(cells.shallow_clone()),
        }
    }
}

/// `[1, 1, length, length]`: true where query − key ≥ 0.
fn lower_triangle(length: i64, device: Device) -> Tensor {
    Tensor::ones([1, 1, length, length], (Kind::Bool, device)).tril(0)
}

/// `[1, 1, length, length]`: true where query − key < window.
fn band(length: i64, window: i64, device: Device) -> Tensor {
    Tensor::ones([1, 1, length, length], (Kind::Bool, device)).triu(1 - window)
}

/// The maps to queries, keys and values: side by side, `[T, 3 · hidden]`.
pub type Projections = SideBySide<3>;

impl Projections {
    /// Queries alone, `[T, hidden]`.
    pub fn queries(&self, x: &Tensor) -> Tensor {
        self.forward_part(0..1, x)
    }

    /// Keys and values side by side, `[T, 2 · hidden]`.
    pub fn keys_and_values(&self, x: &Tensor) -> Tensor {
        self.forward_part(1..3, x)
    }
}

/// The maps of these three names, for query, key and value, with biases or without.
pub fn projections(names: &[String; 3], has_bias: bool, weights: &mut Weights<'_>) -> Projections {
    SideBySide::new(
        names.each_ref().map(|name| if has_bias { weights.linear(name) } else { weights.linear_without_bias(name) }),
    )
}

/// softmax(scale · Q·Kᵀ)·V within each story, for each head (Vaswani et al. 2017, arXiv:1706.03762).
#[derive(Debug)]
pub struct Attention<'a> {
    /// The stories of the batch.
    pub layout: &'a AttentionLayout,
    /// Who sees whom.
    pub sight: Sight,
    /// The same as masks, shared by all layers of this sight.
    pub masks: &'a Masks,
    /// Number of heads.
    pub heads: i64,
    /// Factor of the scores.
    pub scale: f64,
    /// The kind in which scores are formed where they are formed at all; the softmax is in fp32 always.
    pub score_kind: Kind,
    /// Dropout of this pass.
    pub dropout: Dropout,
    /// Probability that an attention weight is dropped.
    pub probability: f64,
}

impl Attention<'_> {
    /// `[T, hidden]` from queries, keys and values side by side. `place` names the site of the dropout.
    pub fn forward(&self, projected: &Tensor, place: &str) -> Tensor {
        if let Some(bounds) = self.layout.bounds.as_ref().filter(|_| self.is_fused(projected)) {
            return self.fused(projected, bounds, place);
        }
        if let Some(bounds) = self.layout.bounds_on_device().filter(|_| self.is_flash(projected)) {
            return self.flash(projected, bounds, place);
        }
        let products: Vec<Tensor> = self
            .layout
            .groups()
            .iter()
            .zip(self.masks.of(self.layout, self.sight))
            .enumerate()
            .map(|(index, (group, mask))| self.group(projected, group, mask, &format!("{place}.{index}")))
            .collect();
        self.layout.scatter(&products)
    }

    /// Whether the product is ours: on a processor in fp32, and in bf16 if it has that in hardware and heads have an
    /// even size.
    fn is_fused(&self, projected: &Tensor) -> bool {
        let size = projected.size()[1] / (3 * self.heads);
        let is_kind = match projected.kind() {
            Kind::Float => true,
            Kind::BFloat16 => size % 2 == 0 && PackedMap::is_available(),
            _ => false,
        };
        is_kind && projected.device() == Device::Cpu
    }

    /// Whether the product is libtorch's for stories of any length: in bfloat16 on a GPU that has it in hardware.
    fn is_flash(&self, projected: &Tensor) -> bool {
        let size = projected.size()[1] / (3 * self.heads);
        let is_on_gpu = matches!(projected.device(), Device::Cuda(_)) && native::gpu::is_open();
        is_on_gpu && projected.kind() == Kind::BFloat16 && FlashAttention::takes(size)
    }

    fn flash(&self, projected: &Tensor, bounds: &Tensor, place: &str) -> Tensor {
        let key = self.dropout.key(place).filter(|_| self.probability > 0.0);
        if let Some(key) = key {
            // libtorch draws what is dropped from its generator, seeded for this place and moment alone.
            tch::manual_seed(key.cast_signed());
        }
        let how = FlashAttention {
            bounds,
            longest: self.layout.longest(),
            heads: self.heads,
            look_back: self.look_back(),
            scale: self.scale,
            dropout: key.map_or(0.0, |_| self.probability),
        };
        let result = flash_attention(projected, &how);
        result.unwrap_or_else(|error| panic!("invariant: the stories span the batch: {error}"))
    }

    /// How many tokens a token sees, itself and those before it; none: all of its story.
    fn look_back(&self) -> Option<i64> {
        match self.sight {
            Sight::Whole => None,
            Sight::Back => Some(i64::MAX),
            Sight::Window(window) => Some(window),
        }
    }

    fn fused(&self, projected: &Tensor, bounds: &[i64], place: &str) -> Tensor {
        let how = StoryAttention {
            bounds,
            heads: self.heads,
            look_back: self.look_back(),
            scale: self.scale,
            dropout: self.dropout.key(place).filter(|_| self.probability > 0.0).map(|key| (self.probability, key)),
        };
        let result = native::story_attention(projected, &how);
        result.unwrap_or_else(|error| panic!("invariant: the stories span the batch: {error}"))
    }

    fn group(&self, projected: &Tensor, group: &Group, mask: &Mask, place: &str) -> Tensor {
        // [cells, 3 · hidden] -> three of [stories, heads, length, head size]
        let cells =
            group.gather(projected).view([group.stories, group.length, 3, self.heads, -1]).permute([2, 0, 3, 1, 4]);
        let [query, key, value] = [0, 1, 2].map(|index| cells.select(0, index));
        let product = self.product([&query, &key, &value], mask, place);
        product.transpose(1, 2).reshape([group.stories * group.length, -1])
    }

    /// `[stories, heads, queries, head size]` from queries, keys and values of this form.
    pub(super) fn product(&self, [query, key, value]: [&Tensor; 3], mask: &Mask, place: &str) -> Tensor {
        if self.dropout.is_on() && self.probability > 0.0 {
            return self.product_with_dropout([query, key, value], mask, place);
        }
        if query.kind() == Kind::Float && query.device() == Device::Cpu {
            let sees = match mask {
                Mask::Everything => Sees::All,
                Mask::Causal => Sees::Back,
                Mask::Cells(cells) => Sees::These(cells),
            };
            let product = native::attention_product([query, key, value], sees, self.scale);
            return product.unwrap_or_else(|error| panic!("invariant: a mask fits its group: {error}"));
        }
        let (cells, is_causal) = match mask {
            Mask::Everything => (None, false),
            Mask::Causal => (None, true),
            Mask::Cells(cells) => (Some(cells), false),
        };
        Tensor::scaled_dot_product_attention(query, key, value, cells, 0.0, is_causal, self.scale, false)
    }

    /// The product written out, since the fused one draws its own masks.
    fn product_with_dropout(&self, [query, key, value]: [&Tensor; 3], mask: &Mask, place: &str) -> Tensor {
        let scores = query.to_kind(self.score_kind).matmul(&key.to_kind(self.score_kind).transpose(-2, -1));
        let mut scores = scores.to_kind(Kind::Float) * self.scale;
        if let Some(cells) = mask.cells(query.size()[2], query.device()) {
            scores = scores.masked_fill(&cells.logical_not(), f64::from(f32::MIN));
        }
        let weights = if scores.device() == Device::Cpu {
            native::softmax(&scores).unwrap_or_else(|error| panic!("invariant: scores are in fp32: {error}"))
        } else {
            scores.softmax(-1, Kind::Float)
        };
        let weights = self.dropout.apply(place, weights, self.probability);
        weights.to_kind(value.kind()).matmul(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    #[test]
    fn a_window_sees_itself_and_those_just_before() {
        let layout = AttentionLayout::new(&[0, 5], Device::Cpu);
        let masks = |sight| Mask::new(sight, &layout.groups()[0]);
        let Mask::Cells(cells) = masks(Sight::Window(2)) else { panic!("a short window needs a mask") };
        for query in 0..5 {
            for key in 0..5 {
                let sees = (0..2).contains(&(query - key));
                assert_eq!(cells.int64_value(&[0, 0, query, key]) == 1, sees, "{query} {key}");
            }
        }
        assert!(matches!(masks(Sight::Window(5)), Mask::Causal));
        assert!(matches!(masks(Sight::Whole), Mask::Everything));
    }

    #[test]
    fn written_out_and_fused_products_agree() {
        let layout = AttentionLayout::new(&[0, 7, 13, 15, 20], Device::Cpu);
        let projected = sample::tensor("projected", &[20, 3 * 6], Kind::Double);
        for sight in [Sight::Whole, Sight::Back, Sight::Window(3)] {
            let masks = Masks::default();
            let product = |kind, probability| {
                let attention = Attention {
                    layout: &layout,
                    sight,
                    masks: &masks,
                    heads: 2,
                    scale: 1.0,
                    score_kind: Kind::Float,
                    dropout: Dropout::at(0, 0, 0),
                    probability,
                };
                attention.forward(&projected.to_kind(kind), "here")
            };
            // In double precision no kernel is ours; a probability that vanishes drops nothing, and has the product
            // written out.
            let expected = product(Kind::Double, 0.0);
            for (kind, probability) in [(Kind::Double, 1e-12), (Kind::Float, 0.0), (Kind::Float, 1e-12)] {
                let distance = (product(kind, probability) - &expected).abs().max().double_value(&[]);
                assert!(distance < 1e-5, "{sight:?} {kind:?} {probability}: {distance}");
            }
        }
    }
}
