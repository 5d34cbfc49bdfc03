//! A run's model asked about minimal pairs, by all of its ranks.

use spec::train::Precision;

use crate::collective::CollectiveError;
use crate::data::MinimalPair;
use crate::evaluate::command::DEFAULT_TOKENS;
use crate::evaluate::minimal_pairs::{Judgement, PairTask};
use crate::evaluate::sentences::{Scorer, Watch};
use crate::model::Model;
use crate::train::Training;

impl Training<'_> {
    /// The model's scores of pairs, in fp32 whatever precision it is trained in, each rank asking about its share of
    /// them; the same on all ranks. Nothing if `watch` of any rank broke off.
    ///
    /// # Errors
    /// When another rank is gone.
    pub fn judge(&self, task: &PairTask<'_>, watch: &mut Watch<'_>) -> Result<Option<Vec<Judgement>>, CollectiveError> {
        let team = &self.workbench.team;
        if team.world() == 1 {
            return Ok(self.judge_alone(task, watch));
        }
        // Dealt out in turn: pairs lie paradigm by paradigm, and those of one are as long as each other.
        let own: Vec<usize> = (0..task.pairs.len()).filter(|index| team.owns(*index as u64)).collect();
        let pairs: Vec<MinimalPair> = own.iter().map(|index| task.pairs[*index].clone()).collect();
        let part = PairTask { pairs: &pairs, ..*task };
        let judged = if own.is_empty() { Some(Vec::new()) } else { self.judge_alone(&part, watch) };
        if team.any(judged.is_none())? {
            return Ok(None);
        }
        let mut all = Vec::with_capacity(task.protocols.len());
        for (index, protocol) in task.protocols.iter().enumerate() {
            let mut scores = vec![[0.0; 2]; task.pairs.len()];
            if let Some(judgement) = judged.as_ref().and_then(|judged| judged.get(index)) {
                for (pair, found) in own.iter().zip(&judgement.scores) {
                    scores[*pair] = *found;
                }
            }
            team.fill_in(scores.as_flattened_mut())?;
            all.push(Judgement { protocol: *protocol, scores, changed: None });
        }
        Ok(Some(all))
    }

    fn judge_alone(&self, task: &PairTask<'_>, watch: &mut Watch<'_>) -> Option<Vec<Judgement>> {
        let bench = &self.workbench;
        let model = Model::new(self.model, &mut |name| bench.parameters.leaf(name), Precision::Fp32);
        let specials = bench.data.tokenizer.specials();
        let model = model.with_padding(specials.pad);
        let scorer = Scorer {
            model: &model,
            architecture: self.model.architecture,
            specials,
            device: bench.device,
            most_tokens: DEFAULT_TOKENS as usize,
        };
        task.judge(&scorer, watch)
    }
}
