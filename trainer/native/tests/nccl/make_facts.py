"""Writes facts.txt: the numbers, layouts and functions of nccl.h on which the binding relies, and nothing else of it.

    git clone https://github.com/NVIDIA/nccl && git -C nccl show v2.28.9-1:src/nccl.h.in > nccl.h.in
    python3 make_facts.py nccl.h.in 2.28.9 > facts.txt

The release is the one that torch 2.11.0 pins (nvidia-nccl-cu13==2.28.9). A C compiler is asked for the numbers.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

CONSTANTS = """ncclSuccess ncclUnhandledCudaError ncclSystemError ncclInternalError ncclInvalidArgument ncclInvalidUsage
    ncclRemoteError ncclInProgress ncclSum ncclMax ncclMin ncclInt8 ncclUint8 ncclInt32 ncclInt64 ncclFloat16 ncclFloat32
    ncclFloat64 ncclBfloat16 NCCL_UNIQUE_ID_BYTES NCCL_VERSION_CODE NCCL_CONFIG_UNDEF_INT""".split()
FUNCTIONS = """ncclGetVersion ncclGetUniqueId ncclCommInitRankConfig ncclCommFinalize ncclCommDestroy ncclCommAbort
    ncclGetErrorString ncclGetLastError ncclCommGetAsyncError ncclAllReduce ncclBroadcast""".split()


def instantiate(template: str, version: str) -> str:
    major, minor, patch = version.split(".")
    values = {"Major": major, "Minor": minor, "Patch": patch, "Suffix": "",
              "Version": str(int(major) * 10000 + int(minor) * 100 + int(patch))}
    return re.sub(r"\$\{nccl:(\w+)\}", lambda found: values[found.group(1)], template)


def fields(header: str) -> list[str]:
    body = re.search(r"typedef struct ncclConfig_v\d+ \{(.*?)\} ncclConfig_t;", header, re.DOTALL).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    return [re.search(r"(\w+)$", line.strip()).group(1) for line in body.split(";") if line.strip()]


def prototype(header: str, name: str) -> str:
    found = re.search(rf"^(\S[^\n(]*?)\s+{name}\(([^)]*)\);", header, re.MULTILINE)
    kinds = [re.sub(r"\s*(\*?)\s*\w+$", r"\1", " ".join(argument.split())) for argument in found.group(2).split(",")]
    # A handle is a pointer, and `const` before it says nothing of what it points to.
    kinds = [kind.replace("const ncclComm_t", "ncclComm_t") for kind in kinds]
    return f"function {name} ({', '.join(kinds)}) -> {found.group(1)}"


def numbers(header: str) -> str:
    lines = [f'printf("constant {name} %d\\n", (int)({name}));' for name in CONSTANTS]
    lines.append("ncclConfig_t c = NCCL_CONFIG_INITIALIZER;")
    lines.append('printf("constant magic %u\\n", c.magic);')
    lines.append('printf("constant blocking %d\\n", c.blocking);')
    lines.append('printf("layout ncclUniqueId 0 %zu\\n", sizeof(ncclUniqueId));')
    lines.append('printf("layout ncclConfig_t 0 %zu\\n", sizeof(ncclConfig_t));')
    lines += [f'printf("layout ncclConfig_t.{field} %zu %zu\\n", offsetof(ncclConfig_t, {field}), sizeof(c.{field}));'
              for field in fields(header)]
    program = "#include <stddef.h>\n#include <stdio.h>\n#include <nccl.h>\nint main(void) {" + "\n".join(lines) + "}"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "nccl.h").write_text(header)
        # Of CUDA's headers only the type of a stream is used, and that is a pointer.
        (folder / "cuda_runtime.h").write_text("typedef struct CUstream_st* cudaStream_t;\n")
        for empty in ("cuda_fp16.h", "cuda_bf16.h", "cuda_fp8.h"):
            (folder / empty).write_text("")
        (folder / "main.c").write_text(program)
        subprocess.run(["cc", "-w", f"-I{folder}", folder / "main.c", "-o", folder / "main"], check=True)
        return subprocess.run([folder / "main"], check=True, capture_output=True, text=True).stdout


def main() -> None:
    path, version = sys.argv[1:]
    header = instantiate(pathlib.Path(path).read_text(), version)
    print(f"# nccl.h of NCCL {version}, by make_facts.py; layouts are offset and size in bytes on x86_64")
    print(numbers(header), end="")
    for name in FUNCTIONS:
        print(prototype(header, name))


if __name__ == "__main__":
    main()
