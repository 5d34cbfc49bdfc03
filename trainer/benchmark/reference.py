#!/usr/bin/env python3
"""What somebody would train with instead of Seedbed, timed on the same stories.

  study   as the study of 2024 ran: Hugging Face's model, fp32, a story a row, padded to the context, stock AdamW.
  best    as a careful PyTorch user would: bf16 autocast, stories end to end without padding, scaled_dot_product_attention,
          torch.compile, fused AdamW; an encoder's head on the masked positions only.

Models: gpt-neo, kan (gpt-neo with B-spline layers, --kan intervals,order) and roberta, of the study's size. What is counted is
real tokens a second; padding is not. One JSON object is printed.

  python reference.py STORIES.txt --mode study|best --model gpt-neo|kan|roberta

Needs torch, transformers and tokenizers. STORIES.txt has a line `<|endoftext|>` between two stories.
"""
import argparse
import json
import math
import random
import sys
import time

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn

HIDDEN, LAYERS, HEADS, FFN, CONTEXT, VOCABULARY, WINDOW = 512, 2, 4, 1024, 512, 10_000, 256
PAD, START, END, UNKNOWN, MASK = range(5)
MASKED, DROPOUT = 0.15, 0.1


def rows_of(path, count):
    """`count` stories as ids, each cut to the context, in an order that is shuffled once for all."""
    text = open(path, encoding="utf-8").read()
    stories = [story.strip() for story in text.split("<|endoftext|>") if story.strip()]
    random.Random(0).shuffle(stories)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(stories, trainer)
    return [[START] + encoded.ids[: CONTEXT - 2] + [END] for encoded in tokenizer.encode_batch(stories[:count])]


class Spline(nn.Module):
    """y = W·silu(x) + Σ s·c·B(x), the basis by the recursion of Cox and de Boor on a uniform grid over [-1, 1]."""

    def __init__(self, inputs, outputs, intervals, order):
        super().__init__()
        self.order = order
        self.register_buffer("knots", torch.arange(-order, intervals + order + 1) * (2 / intervals) - 1)
        self.base = nn.Linear(inputs, outputs, bias=False)
        self.coefficients = nn.Parameter(torch.randn(outputs, inputs, intervals + order) * 0.02)
        self.scale = nn.Parameter(torch.randn(outputs, inputs) * 0.02)

    def forward(self, x):
        shape, t = x.shape, self.knots
        x = x.reshape(-1, shape[-1])
        u = x.unsqueeze(-1)
        basis = ((u >= t[:-1]) & (u < t[1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            rise = (u - t[: -k - 1]) / (t[k:-1] - t[: -k - 1])
            fall = (t[k + 1:] - u) / (t[k + 1:] - t[1:-k])
            basis = rise * basis[..., :-1] + fall * basis[..., 1:]
        weight = self.coefficients * self.scale.unsqueeze(-1)
        return (self.base(F.silu(x)) + F.linear(basis.flatten(1), weight.flatten(1))).reshape(*shape[:-1], -1)


class SplineLayer(nn.Module):
    def __init__(self, intervals, order):
        super().__init__()
        self.up, self.down = Spline(HIDDEN, 256, intervals, order), Spline(256, HIDDEN, intervals, order)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class Attention(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.projections, self.output = nn.Linear(HIDDEN, 3 * HIDDEN, bias=bias), nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x, **how):
        batch, length, width = x.shape
        parts = self.projections(x).split(width, -1)
        q, k, v = (part.view(batch, length, HEADS, -1).transpose(1, 2) for part in parts)
        return self.output(F.scaled_dot_product_attention(q, k, v, **how).transpose(1, 2).reshape(x.shape))


class DecoderBlock(nn.Module):
    def __init__(self, is_local, kan):
        super().__init__()
        self.first_norm, self.second_norm = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)
        self.attention, self.is_local = Attention(bias=False), is_local
        mlp = nn.Sequential(nn.Linear(HIDDEN, FFN), nn.GELU("tanh"), nn.Linear(FFN, HIDDEN))
        self.feed_forward = SplineLayer(*kan) if kan else mlp

    def forward(self, x, window):
        how = {"attn_mask": window} if self.is_local else {"is_causal": True}
        x = x + self.attention(self.first_norm(x), scale=1.0, **how)
        return x + self.feed_forward(self.second_norm(x))


class Decoder(nn.Module):
    def __init__(self, kan):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, HIDDEN), nn.Embedding(CONTEXT, HIDDEN)
        self.blocks = nn.ModuleList(DecoderBlock(index % 2 == 1, kan) for index in range(LAYERS))
        self.norm = nn.LayerNorm(HIDDEN)
        place = torch.arange(CONTEXT)
        seen = (place[None] <= place[:, None]) & (place[None] > place[:, None] - WINDOW)
        self.register_buffer("window", torch.zeros(CONTEXT, CONTEXT).masked_fill(~seen, -math.inf))

    def forward(self, x, y):
        h = self.tokens(x) + self.positions.weight[: x.shape[1]]
        for block in self.blocks:
            h = block(h, self.window)
        logits = F.linear(self.norm(h), self.tokens.weight).flatten(0, 1).float()
        return F.cross_entropy(logits, y.flatten())


class EncoderBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.drop = Attention(bias=True), nn.Dropout(DROPOUT)
        self.first_norm, self.second_norm = nn.LayerNorm(HIDDEN, 1e-12), nn.LayerNorm(HIDDEN, 1e-12)
        self.feed_forward = nn.Sequential(nn.Linear(HIDDEN, FFN), nn.GELU(), nn.Linear(FFN, HIDDEN))

    def forward(self, x):
        x = self.first_norm(x + self.drop(self.attention(x, dropout_p=DROPOUT if self.training else 0.0)))
        return self.second_norm(x + self.drop(self.feed_forward(x)))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, HIDDEN), nn.Embedding(CONTEXT, HIDDEN)
        self.norm, self.drop = nn.LayerNorm(HIDDEN, 1e-12), nn.Dropout(DROPOUT)
        self.blocks = nn.ModuleList(EncoderBlock() for _ in range(LAYERS))
        self.dense, self.head_norm = nn.Linear(HIDDEN, HIDDEN), nn.LayerNorm(HIDDEN, 1e-12)
        self.bias = nn.Parameter(torch.zeros(VOCABULARY))

    def forward(self, x, places, y):
        h = self.drop(self.norm(self.tokens(x) + self.positions.weight[: x.shape[1]]))
        for block in self.blocks:
            h = block(h)
        h = self.head_norm(F.gelu(self.dense(h.flatten(0, 1)[places])))
        return F.cross_entropy(F.linear(h, self.tokens.weight, self.bias).float(), y)


def study_model(model, kan):
    import transformers as hf

    if model == "roberta":
        return hf.RobertaForMaskedLM(hf.RobertaConfig(
            vocab_size=VOCABULARY, hidden_size=HIDDEN, max_position_embeddings=CONTEXT + 1, num_hidden_layers=LAYERS,
            num_attention_heads=HEADS, intermediate_size=FFN, pad_token_id=PAD))
    network = hf.GPTNeoForCausalLM(hf.GPTNeoConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, max_position_embeddings=CONTEXT, num_layers=LAYERS, num_heads=HEADS,
        attention_types=[[["global", "local"], 1]], window_size=WINDOW, intermediate_size=FFN, pad_token_id=PAD))
    if kan:
        for block in network.transformer.h:
            block.mlp = SplineLayer(*kan)
    return network


def study(arguments, kan, rows, device):
    """The step, and its batches with their numbers of real tokens."""
    network = study_model(arguments.model, kan).to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4, weight_decay=0.0)
    generator = torch.Generator().manual_seed(0)
    batches = []
    for start in range(0, len(rows), arguments.rows):
        part = rows[start: start + arguments.rows]
        ids = torch.full((len(part), CONTEXT), PAD)
        for row, story in enumerate(part):
            ids[row, : len(story)] = torch.tensor(story)
        keep, labels = (ids != PAD).long(), ids.masked_fill(ids == PAD, -100)
        if arguments.model == "roberta":
            chosen = (torch.rand(ids.shape, generator=generator) < MASKED) & (ids > UNKNOWN)
            ids, labels = ids.masked_fill(chosen, MASK), ids.masked_fill(~chosen, -100)
        batches.append(([tensor.to(device) for tensor in (ids, keep, labels)], sum(map(len, part))))

    def step(ids, keep, labels):
        loss = network(input_ids=ids, attention_mask=keep, labels=labels).loss
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return network, step, batches


def require_vectors():
    """torch.compile tries by a small program which vector instructions there are, and silently does without where that fails:
    loops are several times slower then, and `best` is no reference."""
    from torch._inductor.cpu_vec_isa import pick_vec_isa

    if not pick_vec_isa():
        sys.exit("torch.compile finds no vector instructions: this Python must be able to load what it compiles, also in a process "
                 "of its own (try `python -c 'import torch'`), and the compiler must be g++ or clang++")


def best(arguments, kan, rows, device):
    if device.type == "cpu":
        require_vectors()
    stream = torch.tensor([token for row in rows for token in row])
    need = arguments.rows * CONTEXT
    generator = torch.Generator().manual_seed(0)
    batches = []
    for index in range(arguments.steps + arguments.warm_up):
        start = index * need % max(1, len(stream) - need - 1)
        ids = stream[start: start + need]
        if arguments.model == "roberta":
            # As many in every batch, so that shapes stay and nothing is compiled anew.
            places = torch.randperm(need, generator=generator)[: int(MASKED * need)].sort().values
            targets, ids = ids[places], ids.index_fill(0, places, MASK)
            batch = (ids.view(-1, CONTEXT), places, targets)
        else:
            batch = (ids.view(-1, CONTEXT), stream[start + 1: start + need + 1].view(-1, CONTEXT))
        batches.append(([tensor.to(device) for tensor in batch], need))
    raw = (Encoder() if arguments.model == "roberta" else Decoder(kan)).to(device).train()
    for parameter in raw.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.02)
    if arguments.precision == "bf16" and arguments.model != "roberta":
        raw.window = raw.window.to(torch.bfloat16)  # as the queries are
    network = torch.compile(raw)
    optimizer = torch.optim.AdamW(raw.parameters(), lr=5e-4, weight_decay=0.0, fused=True)

    def step(*batch):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=arguments.precision == "bf16"):
            loss = network(*batch)
        loss.backward()
        nn.utils.clip_grad_norm_(raw.parameters(), 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return raw, step, batches


def peak_memory_mebibytes():
    lines = open("/proc/self/status").read().splitlines()
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM")), 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stories")
    parser.add_argument("--mode", choices=["study", "best"], required=True)
    parser.add_argument("--model", choices=["gpt-neo", "kan", "roberta"], default="gpt-neo")
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16", help="of best; study is fp32")
    parser.add_argument("--kan", default="3,3", help="grid intervals, spline order")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rows", type=int, default=8, help="rows of the context in a step")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    device = torch.device(arguments.device)
    kan = tuple(int(number) for number in arguments.kan.split(",")) if arguments.model == "kan" else None
    count = arguments.rows * (arguments.steps + arguments.warm_up)
    rows = rows_of(arguments.stories, count if arguments.mode == "study" else 4 * count)
    try:
        open("/proc/self/clear_refs", "w").write("5")  # peak memory counts from here
    except OSError:
        pass
    network, step, batches = {"study": study, "best": best}[arguments.mode](arguments, kan, rows, device)
    wait = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
    rates, loss = [], math.nan
    for index, (batch, tokens) in enumerate(batches):
        wait()
        began = time.perf_counter()
        loss = step(*batch)
        wait()
        if index >= arguments.warm_up:
            rates.append(tokens / (time.perf_counter() - began))
    rates.sort()
    print(json.dumps({
        "mode": arguments.mode, "model": arguments.model, "kan": arguments.kan if kan else None,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "real-tokens-per-second": {"min": rates[0], "median": rates[len(rates) // 2], "max": rates[-1]},
        "peak-memory-mebibytes": peak_memory_mebibytes(), "last-loss": loss,
    }))


main()
