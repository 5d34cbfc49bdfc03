"""Writes `stories/`: stories as the public hub keeps them, in Parquet, and the text that must come out of them.

    python make_parquet.py        # pyarrow 26; what it writes is kept beside it
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent / "stories"
END = "<|endoftext|>"

train = [f"Once upon a time there was a fox with {n} socks.\nIt said: “Très bien, 你好!”" for n in range(250)]
shards = [train[:150] + [None, "  \n "], ["Once upon a time there was a cat."] * 40 + train[150:]]
validation = ["One day, Tom went to the park.\n\nHe saw a bird. ", "The end of <|endoftext|> is not here."]


def write(name, rows, **options):
    table = pa.table({"source": pa.array(["t"] * len(rows)), "text": pa.array(rows, pa.string())})
    pq.write_table(table, FOLDER / name, **options)


def text(rows):
    return "".join(f"{row}\n{END}\n" for row in rows if row and row.strip())


# As `datasets` writes it: Snappy, dictionaries, several row groups; and what others choose.
write("train-00000-of-00002.parquet", shards[0], row_group_size=60)
write("train-00001-of-00002.parquet", shards[1], compression="zstd", data_page_version="2.0", data_page_size=4096)
write("validation-00000-of-00001.parquet", validation, compression="none", use_dictionary=False)
(FOLDER / "train.txt").write_text(text(shards[0] + shards[1]))
(FOLDER / "validation.txt").write_text(text(validation))
pq.write_table(pa.table({"a": [1, 2], "b": [0.5, 1.5]}), FOLDER.parent / "numbers.parquet")
