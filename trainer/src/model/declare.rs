//! Which parameters a network has, and how each starts.

use spec::model::{Architecture, Initialisation, ModelSpec};

use super::{gpt_neo, roberta};
use crate::parameters::{Declaration, Start};

/// Every parameter of the network, in the order in which the network uses them; tied weights once.
pub fn declarations(spec: &ModelSpec) -> Vec<Declaration> {
    let mut declarations = Declarations::new(spec.initialisation);
    match spec.architecture {
        Architecture::GptNeo => gpt_neo::declare(spec, &mut declarations),
        Architecture::Roberta => roberta::declare(spec, &mut declarations),
    }
    declarations.into_list()
}

/// As [`declarations`], for a tokenizer with this padding id: in an encoder its vector starts at zero, and that of no
/// other.
pub fn declarations_with_padding(spec: &ModelSpec, padding: u16) -> Vec<Declaration> {
    let mut list = declarations(spec);
    for declaration in list.iter_mut().filter(|declaration| declaration.name == roberta::token_table()) {
        if let Start::NormalExceptRow { row, .. } = &mut declaration.start {
            *row = i64::from(padding);
        }
    }
    list
}

/// Declarations under one rule of initialisation.
#[derive(Debug)]
pub struct Declarations {
    rule: Initialisation,
    list: Vec<Declaration>,
}

impl Declarations {
    /// None yet.
    pub fn new(rule: Initialisation) -> Self {
        Self { rule, list: Vec::new() }
    }

    /// All of them, in order.
    pub fn into_list(self) -> Vec<Declaration> {
        self.list
    }

    /// A linear map `name` with a bias.
    pub fn linear(&mut self, name: &str, inputs: u32, outputs: u32) {
        self.linear_without_bias(name, inputs, outputs);
        let start = match self.rule {
            Initialisation::Normal { .. } | Initialisation::Delft { .. } => Start::Constant(0.0),
            Initialisation::FanInUniform { .. } => self.weight_start(inputs),
        };
        self.add(&format!("{name}.bias"), &[outputs], start, false);
    }

    /// A linear map `name` without a bias.
    pub fn linear_without_bias(&mut self, name: &str, inputs: u32, outputs: u32) {
        self.matrix(&format!("{name}.weight"), &[outputs, inputs], inputs);
    }

    /// A linear map `name` with a bias of zeros, whose weight starts in a way of its own, whatever the rule.
    pub fn linear_from(&mut self, name: &str, inputs: u32, outputs: u32, start: Start) {
        self.coefficients(&format!("{name}.weight"), &[outputs, inputs], start);
        self.constant(&format!("{name}.bias"), &[outputs], 0.0);
    }

    /// A linear map `name` with a bias, both U(±1/√inputs), whatever the rule: PyTorch's own start.
    pub fn linear_of_torch(&mut self, name: &str, inputs: u32, outputs: u32) {
        let start = fan_in_uniform(inputs);
        self.coefficients(&format!("{name}.weight"), &[outputs, inputs], start.clone());
        self.add(&format!("{name}.bias"), &[outputs], start, false);
    }

    /// A weight of any shape that starts in a way of its own, whatever the rule.
    pub fn coefficients(&mut self, name: &str, shape: &[u32], start: Start) {
        self.add(name, shape, start, true);
    }

    /// A weight of any shape of which every output sums over `inputs`.
    pub fn matrix(&mut self, name: &str, shape: &[u32], inputs: u32) {
        let start = self.weight_start(inputs);
        self.add(name, shape, start, true);
    }

    /// A table of `rows` vectors; the one at `padding` starts at zero.
    pub fn embedding(&mut self, name: &str, rows: u32, width: u32, padding: Option<i64>) {
        let std = self.rule.std();
        let start = match padding {
            Some(row) => Start::NormalExceptRow { std, row },
            None => Start::Normal { std },
        };
        self.add(&format!("{name}.weight"), &[rows, width], start, true);
    }

    /// A layer normalisation: weight 1, bias 0.
    pub fn norm(&mut self, name: &str, width: u32) {
        self.constant(&format!("{name}.weight"), &[width], 1.0);
        self.constant(&format!("{name}.bias"), &[width], 0.0);
    }

    /// A parameter without weight decay that starts at one value everywhere, whatever the rule.
    pub fn constant(&mut self, name: &str, shape: &[u32], value: f64) {
        self.add(name, shape, Start::Constant(value), false);
    }

    /// What an activation learns: without weight decay, whatever the rule.
    pub fn learned(&mut self, name: &str, shape: &[u32], start: Start) {
        self.add(name, shape, start, false);
    }

    fn weight_start(&self, inputs: u32) -> Start {
        match self.rule {
            Initialisation::Normal { std } | Initialisation::Delft { std } => Start::Normal { std },
            Initialisation::FanInUniform { .. } => fan_in_uniform(inputs),
        }
    }

    fn add(&mut self, name: &str, shape: &[u32], start: Start, decays: bool) {
        let shape = shape.iter().map(|size| i64::from(*size)).collect();
        self.list.push(Declaration { name: name.to_owned(), shape, start, decays });
    }
}

/// U(±1/√inputs), which is He's uniform rule with a = √5.
pub fn fan_in_uniform(inputs: u32) -> Start {
    Start::Uniform { bound: f64::from(inputs).sqrt().recip() }
}
