//! How the stories of a batch are laid side by side for the attention product.
//!
//! Attention is the one operation that needs a story's tokens together. Stories of similar length form a group, and
//! each group is a rectangle `[stories, length]` padded only within itself. The layout is made once for a batch and
//! shared by all layers, and only where something asks for it: kernels that take stories as they come need their bounds
//! alone.

use std::cell::OnceCell;

use tch::{Device, Kind, Tensor};

/// A group grows while its rectangle has at most this many cells for each of its tokens.
const CELLS_PER_TOKEN: f64 = 1.25;

/// The stories of a batch, and how they become a few rectangles.
#[derive(Debug)]
pub struct AttentionLayout {
    /// Places of the tokens of every story that has any.
    stories: Vec<Vec<usize>>,
    /// Tokens of the batch.
    tokens: usize,
    device: Device,
    rectangles: OnceCell<Rectangles>,
    /// Where stories start and end, from 0 to T, if they lie one after the other and share no token.
    pub bounds: Option<Vec<i64>>,
    bounds_on_device: OnceCell<Tensor>,
}

#[derive(Debug)]
struct Rectangles {
    /// Those of longer stories first.
    groups: Vec<Group>,
    /// `[T]`: the cell of each token, with the cells of all groups counted on from group to group.
    cells: Tensor,
}

/// Stories of similar length.
#[derive(Debug)]
pub struct Group {
    /// Number of stories.
    pub stories: i64,
    /// Length of the longest story.
    pub length: i64,
    /// `[stories, 1, 1, length]`, true where a cell holds a token; absent where all do.
    pub occupied: Option<Tensor>,
    /// `[stories · length]`: the token of each cell; an empty cell repeats its story's first token.
    tokens: Tensor,
}

impl AttentionLayout {
    /// The layout of the stories `bounds[k]..bounds[k + 1]`.
    pub fn new(bounds: &[usize], device: Device) -> Self {
        let stories = bounds.windows(2).map(|pair| (pair[0]..pair[1]).collect()).collect();
        let layout = Self::of_paths(stories, bounds.last().copied().unwrap_or(0), device);
        Self { bounds: Some(bounds.iter().map(|bound| *bound as i64).collect()), ..layout }
    }

    /// The layout of stories given as the places of their tokens, among `tokens` in all. Stories that begin alike may
    /// share tokens, provided that each sees itself and those before it only; every token belongs to a story.
    pub fn of_paths(mut stories: Vec<Vec<usize>>, tokens: usize, device: Device) -> Self {
        stories.retain(|story| !story.is_empty());
        Self { stories, tokens, device, rectangles: OnceCell::new(), bounds: None, bounds_on_device: OnceCell::new() }
    }

    /// The rectangles, those of longer stories first.
    pub fn groups(&self) -> &[Group] {
        &self.rectangles().groups
    }

    /// Tokens of the longest story.
    pub fn longest(&self) -> i64 {
        self.stories.iter().map(Vec::len).max().unwrap_or(0) as i64
    }

    /// `[stories + 1]`, int32 on the device: the bounds of the stories that are not empty, where there are bounds.
    pub fn bounds_on_device(&self) -> Option<&Tensor> {
        let bounds = self.bounds.as_ref()?;
        Some(self.bounds_on_device.get_or_init(|| {
            let mut ends: Vec<i32> = bounds.iter().map(|bound| *bound as i32).collect();
            ends.dedup();
            Tensor::from_slice(&ends).to_device(self.device)
        }))
    }

    fn rectangles(&self) -> &Rectangles {
        self.rectangles.get_or_init(|| {
            let mut cells = vec![0; self.tokens];
            let mut cells_before = 0;
            let groups = by_length(&self.stories)
                .iter()
                .map(|members| {
                    let length = members[0].len();
                    for (row, story) in members.iter().enumerate() {
                        for (offset, token) in story.iter().enumerate() {
                            cells[*token] = (cells_before + row * length + offset) as i64;
                        }
                    }
                    cells_before += members.len() * length;
                    Group::new(members, self.device)
                })
                .collect();
            Rectangles { groups, cells: Tensor::from_slice(&cells).to_device(self.device) }
        })
    }

    /// `[T, channels]` from the cells of each group, given as `[stories · length, channels]` in the order of
    /// [`Self::groups`].
    pub fn scatter(&self, cells: &[Tensor]) -> Tensor {
        Tensor::cat(cells, 0).index_select(0, &self.rectangles().cells)
    }

    /// The cell of each token, as in [`Self::scatter`].
    pub(super) fn cells_of_tokens(&self) -> Vec<i64> {
        Vec::try_from(&self.rectangles().cells).expect("invariant: cells are whole numbers in one row")
    }
}

impl Group {
    fn new(members: &[&[usize]], device: Device) -> Self {
        let length = members[0].len();
        let token = |story: &[usize], offset: usize| story.get(offset).copied().unwrap_or(story[0]) as i64;
        let tokens: Vec<i64> =
            members.iter().flat_map(|story| (0..length).map(move |offset| token(story, offset))).collect();
        let is_full = members.iter().all(|story| story.len() == length);
        let occupied = (!is_full).then(|| {
            let lengths: Vec<i64> = members.iter().map(|story| story.len() as i64).collect();
            let lengths = Tensor::from_slice(&lengths).to_device(device).view([-1, 1, 1, 1]);
            Tensor::arange(length as i64, (Kind::Int64, device)).lt_tensor(&lengths)
        });
        Self {
            stories: members.len() as i64,
            length: length as i64,
            occupied,
            tokens: Tensor::from_slice(&tokens).to_device(device),
        }
    }

    /// Where the batch lies.
    pub fn device(&self) -> Device {
        self.tokens.device()
    }

    /// The cells of this group, `[stories · length, channels]`, of `[T, channels]`.
    pub fn gather(&self, rows: &Tensor) -> Tensor {
        rows.index_select(0, &self.tokens)
    }
}

/// Stories in groups, longest first; a group is closed when one story more would waste too many cells.
fn by_length(stories: &[Vec<usize>]) -> Vec<Vec<&[usize]>> {
    let mut stories: Vec<&[usize]> = stories.iter().map(Vec::as_slice).collect();
    stories.sort_by_key(|story| std::cmp::Reverse(story.len()));
    let mut groups: Vec<Vec<&[usize]>> = Vec::new();
    let mut tokens = 0;
    for story in stories {
        if let Some(group) = groups.last_mut() {
            let cells = (group.len() + 1) * group[0].len();
            if cells as f64 <= CELLS_PER_TOKEN * (tokens + story.len()) as f64 {
                tokens += story.len();
                group.push(story);
                continue;
            }
        }
        tokens = story.len();
        groups.push(vec![story]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(lengths: &[usize]) -> Vec<Vec<usize>> {
        let stories: Vec<Vec<usize>> = lengths.iter().map(|length| vec![0; *length]).collect();
        by_length(&stories).iter().map(|group| group.iter().map(|story| story.len()).collect()).collect()
    }

    #[test]
    fn groups_are_few_and_waste_little() {
        assert_eq!(grouped(&[5, 5, 5]), [[5, 5, 5]]);
        assert_eq!(grouped(&[1, 100, 90]), [vec![100, 90], vec![1]]);
        let spread: Vec<usize> = (20..=512).collect();
        let groups = grouped(&spread);
        assert!(groups.len() <= 10, "{} groups", groups.len());
        let cells: usize = groups.iter().map(|group| group.len() * group[0]).sum();
        assert!(cells as f64 <= CELLS_PER_TOKEN * spread.iter().sum::<usize>() as f64);
    }

    #[test]
    fn scattering_undoes_gathering() {
        let layout = AttentionLayout::new(&[0, 3, 3, 4, 9, 11], Device::Cpu);
        let rows = Tensor::arange(22, (Kind::Float, Device::Cpu)).view([11, 2]);
        let cells: Vec<Tensor> = layout.groups().iter().map(|group| group.gather(&rows)).collect();
        assert_eq!(layout.scatter(&cells), rows);
        assert!(layout.groups().len() > 1);
    }

    #[test]
    fn a_shared_token_is_gathered_for_each_of_its_stories_and_once_for_an_empty_cell() {
        let paths = vec![vec![0, 1, 2], vec![0, 1, 3], vec![0, 4]];
        let layout = AttentionLayout::of_paths(paths, 5, Device::Cpu);
        let rows = Tensor::arange(10, (Kind::Float, Device::Cpu)).view([5, 2]);
        let cells: Vec<Tensor> = layout.groups().iter().map(|group| group.gather(&rows)).collect();
        assert_eq!(layout.scatter(&cells), rows);
        assert_eq!(cells.iter().map(|cells| cells.size()[0]).sum::<i64>(), 9);
    }

    #[test]
    fn empty_cells_are_marked() {
        let layout = AttentionLayout::new(&[0, 4, 9, 14], Device::Cpu);
        let group = &layout.groups()[0];
        assert_eq!((group.stories, group.length), (3, 5));
        let occupied = group.occupied.as_ref().unwrap().view([3, 5]);
        assert_eq!(Vec::<i64>::try_from(occupied.sum_dim_intlist(1, false, Kind::Int64)).unwrap(), [5, 5, 4]);
    }
}
