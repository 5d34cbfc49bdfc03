//! What the CPU can do.

use std::io;

use crate::TorchError;
use crate::shim;

/// The instruction set that libtorch's kernels and ours were chosen for: `DEFAULT`, `AVX2`, `AVX512`, or `AVX512+AMX`
/// where products of bfloat16 matrices are formed in the processor's tiles.
///
/// Part of what a run's bits depend on. `ATEN_CPU_CAPABILITY` in the environment lowers it; `ONEDNN_MAX_CPU_ISA`, as
/// oneDNN documents it, keeps the products off the tiles (`AVX512_CORE_BF16`).
///
/// # Errors
///
/// When libtorch cannot tell.
pub fn capability() -> Result<String, TorchError> {
    let mut text = std::ptr::null_mut();
    // SAFETY: `text` is a valid place, written if and only if the call succeeds.
    unsafe {
        shim::check(shim::seedbed_cpu_capability(&raw mut text))?;
        Ok(shim::take_text(text))
    }
}

/// Whether products of bfloat16 matrices have instructions of their own (AMX or AVX-512 BF16), without which they are
/// slower than those of float32.
///
/// # Errors
///
/// When `/proc/cpuinfo` cannot be read.
pub fn has_bfloat16() -> io::Result<bool> {
    Ok(flags_have_bfloat16(&std::fs::read_to_string("/proc/cpuinfo")?))
}

fn flags_have_bfloat16(cpuinfo: &str) -> bool {
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")?.split_once(':'));
    flags.is_some_and(|(_, flags)| flags.split_whitespace().any(|flag| flag == "avx512_bf16" || flag == "amx_bf16"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: &str = "ONEDNN_MAX_CPU_ISA";
    const WITHOUT_TILES: &str = "AVX512_CORE_BF16";

    #[test]
    fn libtorch_names_an_instruction_set() {
        let capability = capability().unwrap();
        assert!(["DEFAULT", "AVX2", "AVX512", "AVX512+AMX"].contains(&capability.as_str()), "{capability}");
        if std::env::var(MOST).is_ok_and(|most| most == WITHOUT_TILES) {
            assert!(!capability.contains("AMX"), "{capability}");
        }
    }

    /// What needs products, without tiles. Nothing else tests oneDNN's block kernels on a processor that has tiles.
    #[test]
    fn products_without_tiles_agree_as_well() {
        if capability().unwrap() != "AVX512+AMX" {
            return;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["map::", "attention::", "spline::", "norm::", "activation::", "processor::tests::libtorch_names"])
            .env(MOST, WITHOUT_TILES)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains(" 0 passed"), "{said}");
    }

    #[test]
    fn the_flags_decide() {
        assert!(flags_have_bfloat16("processor\t: 0\nflags\t\t: fpu avx512f amx_bf16 amx_tile\n"));
        assert!(flags_have_bfloat16("flags\t\t: avx512_bf16\n"));
        assert!(!flags_have_bfloat16("flags\t\t: fpu avx512bw\nbugs\t\t: amx_bf16\n"));
        assert!(!flags_have_bfloat16(""));
        has_bfloat16().unwrap();
    }
}
