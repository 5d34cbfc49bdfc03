//! A few tokens of each story whose last states are wanted: beyond them the last block needs keys and values only.
//!
//! In a network of two blocks that is more than a third of all products. What is read is what the whole block would
//! have said, up to rounding; its dropout draws other masks, since it has fewer entries to drop.

use tch::{Device, Kind, Tensor};

use super::attention::{Attention, AttentionLayout, Mask, Sight};

/// The tokens to be read, R in all, as the attention of one batch lays them.
#[derive(Debug)]
pub struct Reading {
    /// `[R]`: the tokens, as indices into the batch.
    pub tokens: Tensor,
    groups: Vec<ReadGroup>,
    /// `[R]`: where each token's sum is among the sums of all groups.
    sums: Tensor,
}

/// The tokens to be read in one group of stories, as a rectangle with as many a story as the one with most has.
#[derive(Debug)]
struct ReadGroup {
    stories: i64,
    /// `[stories · most]`: the places of the tokens among the R; a story with fewer repeats one.
    queries: Tensor,
    /// `[stories, 1, most, 1]`: the tokens' positions in their stories.
    positions: Tensor,
}

impl Reading {
    /// The tokens `read` of the batch of this layout, in any order, some of every story.
    ///
    /// # Panics
    /// When a token is not of the batch.
    pub fn new(layout: &AttentionLayout, read: &[i64], device: Device) -> Self {
        let cells = layout.cells_of_tokens();
        let mut groups = Vec::new();
        let mut sums = vec![0; read.len()];
        let (mut first_cell, mut sums_before) = (0, 0);
        for group in layout.groups() {
            // For every story of the group: the place of a token among the R, and its position.
            let mut stories: Vec<Vec<(usize, i64)>> = vec![Vec::new(); group.stories as usize];
            for (place, token) in read.iter().enumerate() {
                let cell = cells[*token as usize] - first_cell;
                if (0..group.stories * group.length).contains(&cell) {
                    stories[(cell / group.length) as usize].push((place, cell % group.length));
                }
            }
            let most = stories.iter().map(Vec::len).max().unwrap_or(0).max(1);
            let (mut queries, mut positions) = (Vec::new(), Vec::new());
            for (story, tokens) in stories.iter().enumerate() {
                for index in 0..most {
                    let (place, position) = tokens.get(index).or(tokens.first()).copied().unwrap_or((0, 0));
                    if index < tokens.len() {
                        sums[place] = (sums_before + story * most + index) as i64;
                    }
                    queries.push(place as i64);
                    positions.push(position);
                }
            }
            groups.push(ReadGroup {
                stories: group.stories,
                queries: Tensor::from_slice(&queries).to_device(device),
                positions: Tensor::from_slice(&positions).to_device(device).view([group.stories, 1, most as i64, 1]),
            });
            first_cell += group.stories * group.length;
            sums_before += stories.len() * most;
        }
        let on_device = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        Self { tokens: on_device(read), groups, sums: on_device(&sums) }
    }

    /// `[R, hidden]`: the sums that [`Attention::forward`] would have formed at the read tokens, from their `queries`
    /// (`[R, hidden]`) and the keys and values of all tokens (`[T, 2 · hidden]`). `attention.masks` are not looked at:
    /// `attention.sight` says who sees whom.
    pub fn attend(&self, attention: &Attention<'_>, [queries, keys_and_values]: [&Tensor; 2], place: &str) -> Tensor {
        let groups = attention.layout.groups().iter().zip(&self.groups).enumerate();
        let products: Vec<Tensor> = groups
            .map(|(index, (group, read))| {
                let heads = attention.heads;
                let query =
                    queries.index_select(0, &read.queries).view([read.stories, -1, heads, queries.size()[1] / heads]);
                let cells = group.gather(keys_and_values).view([group.stories, group.length, 2, heads, -1]);
                let cells = cells.permute([2, 0, 3, 1, 4]);
                let mask = read.mask(attention.sight, group.length, group.occupied.as_ref());
                let parts = [&query.transpose(1, 2), &cells.select(0, 0), &cells.select(0, 1)];
                let product = attention.product(parts, &mask, &format!("{place}.{index}"));
                product.transpose(1, 2).reshape([-1, queries.size()[1]])
            })
            .collect();
        Tensor::cat(&products, 0).index_select(0, &self.sums)
    }
}

impl ReadGroup {
    /// Which of `length` cells each read token sees.
    fn mask(&self, sight: Sight, length: i64, occupied: Option<&Tensor>) -> Mask {
        let cells = Tensor::arange(length, (Kind::Int64, self.positions.device()));
        match sight {
            Sight::Whole => occupied.map_or(Mask::Everything, |occupied| Mask::Cells(occupied.shallow_clone())),
            // Empty cells come last, so that no token sees one.
            Sight::Back => Mask::Cells(cells.le_tensor(&self.positions)),
            Sight::Window(window) => {
                let from = &self.positions - window;
                Mask::Cells(cells.le_tensor(&self.positions).logical_and(&cells.gt_tensor(&from)))
            }
        }
    }
}
