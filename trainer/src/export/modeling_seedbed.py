"""GPT-Neo and RoBERTa with a feed-forward layer of Seedbed's: `feed_forward_seedbed.py` and `kan_seedbed.py` beside
this file.

Loaded by `AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)`, or `AutoModelForMaskedLM` for an encoder;
for transformers from 4.40 on.
"""

from operator import attrgetter

from torch import nn
from transformers import GPTNeoConfig, GPTNeoForCausalLM, RobertaConfig, RobertaForMaskedLM
from transformers import GPTNeoForSequenceClassification, RobertaForSequenceClassification
from transformers.models.roberta.modeling_roberta import RobertaLayer

# transformers 4.40 finds the files that are named here, and none that only they name.
from .feed_forward_seedbed import LAYERS
from .kan_seedbed import KAN_LAYERS

ALL_LAYERS = {**LAYERS, **KAN_LAYERS}

# What the parts of a layer are called below a block of each architecture.
GPT_NEO_PARTS = {
    "input": "mlp.c_fc",
    "gated": "mlp.c_gated",
    "output": "mlp.c_proj",
    "activation": "mlp.act",
    "entry_activation": "mlp.act_in",
    "kan": "mlp.kan",
    "delft_first": "mlp.c_fc",
    "delft_second": "mlp.c_proj",
}
ROBERTA_PARTS = {
    "input": "intermediate.dense",
    "gated": "intermediate.gated",
    "output": "output.dense",
    "activation": "intermediate.intermediate_act_fn",
    "entry_activation": "intermediate.act_in",
    "kan": "kan",
    "delft_first": "intermediate.c_fc",
    "delft_second": "output.c_proj",
}


class SeedbedGPTNeoConfig(GPTNeoConfig):
    model_type = "seedbed_gpt_neo"


class SeedbedRobertaConfig(RobertaConfig):
    model_type = "seedbed_roberta"


def put_parts(block, names, config):
    """Puts the layer of `config` into a block, in place of what is there under any of these names; returns its function."""
    for name in names.values():
        owner, _, last = name.rpartition(".")
        owner = attrgetter(owner)(block) if owner else block
        if last in owner._modules:
            del owner._modules[last]
    kind, fields = next(iter(config.feed_forward.items()))
    for part, module in ALL_LAYERS[kind].parts(config, fields).items():
        owner, _, last = names[part].rpartition(".")
        setattr(attrgetter(owner)(block) if owner else block, last, module)
    return lambda part, x: ALL_LAYERS[kind].forward(part, fields, x)


class SeedbedMLP(nn.Module):
    """The feed-forward layer of a GPT-Neo block, with the dropout after it."""

    def __init__(self, dropout):
        super().__init__()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        names = {part: name.removeprefix("mlp.") for part, name in GPT_NEO_PARTS.items()}
        return self.dropout(self.layer(lambda part: getattr(self, names[part]), x))


class SeedbedRobertaLayer(RobertaLayer):
    """A RoBERTa block; its two halves of a feed-forward layer are computed as one."""

    def feed_forward_chunk(self, attention_output):
        fed = self.layer(lambda part: attrgetter(ROBERTA_PARTS[part])(self), attention_output)
        return self.output.LayerNorm(self.output.dropout(fed) + attention_output)


class WithGPTNeoLayers:
    config_class = SeedbedGPTNeoConfig

    def __init__(self, config):
        super().__init__(config)
        for block in self.transformer.h:
            block.mlp = SeedbedMLP(float(config.resid_dropout))
            block.mlp.layer = put_parts(block, GPT_NEO_PARTS, config)
        self.post_init()


class WithRobertaLayers:
    config_class = SeedbedRobertaConfig

    def __init__(self, config):
        super().__init__(config)
        for block in self.roberta.encoder.layer:
            block.__class__ = SeedbedRobertaLayer
            block.layer = put_parts(block, ROBERTA_PARTS, config)
        self.post_init()


class SeedbedGPTNeoForCausalLM(WithGPTNeoLayers, GPTNeoForCausalLM):
    pass


class SeedbedGPTNeoForSequenceClassification(WithGPTNeoLayers, GPTNeoForSequenceClassification):
    pass


class SeedbedRobertaForMaskedLM(WithRobertaLayers, RobertaForMaskedLM):
    pass


class SeedbedRobertaForSequenceClassification(WithRobertaLayers, RobertaForSequenceClassification):
    pass
