//! Compiles the C++ shim against the libtorch that torch-sys found, and tells the trainer where that lies.

#[expect(unreachable_pub, reason = "public in the library, which shares the file")]
#[path = "src/release.rs"]
mod release;

use std::path::{Path, PathBuf};

use release::Release;

/// The release that tch 0.24 is written for.
const SUPPORTED: &str = "2.11.0";

const SOURCES: [&str; 30] = [
    "cpp/activation.cpp",
    "cpp/adamw.cpp",
    "cpp/attention.cpp",
    "cpp/attention_float32.cpp",
    "cpp/curve_float32.cpp",
    "cpp/embedding.cpp",
    "cpp/factors.cpp",
    "cpp/gpu.cpp",
    "cpp/gpu_attention.cpp",
    "cpp/gpu_head.cpp",
    "cpp/gpu_memory.cpp",
    "cpp/gpu_norm.cpp",
    "cpp/gpu_spline.cpp",
    "cpp/gradient.cpp",
    "cpp/head.cpp",
    "cpp/head_float32.cpp",
    "cpp/instructions.cpp",
    "cpp/linear.cpp",
    "cpp/memory.cpp",
    "cpp/norm.cpp",
    "cpp/packed_map.cpp",
    "cpp/products.cpp",
    "cpp/settings.cpp",
    "cpp/softmax.cpp",
    "cpp/spline.cpp",
    "cpp/spline_edges.cpp",
    "cpp/spline_float32.cpp",
    "cpp/stopwatch.cpp",
    "cpp/stream.cpp",
    "cpp/watch.cpp",
];

/// The loops of `cpp/kernels.cpp`, once for each of these: a name, and what the compiler may use.
const INSTRUCTION_SETS: [(&str, &[&str]); 3] = [("default", &[]), ("avx2", &["-mavx2", "-mfma"]), ("avx512", AVX512)];

const AVX512: &[&str] = &["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mfma", "-mprefer-vector-width=512"];

/// Beside AVX-512: tiles, which GCC knows since 11 and Clang since 12, and rounding to bfloat16, which all that have
/// tiles do.
const TILES: &[&str] = &["-mamx-tile", "-mamx-bf16", "-mavx512bf16"];

/// Kernels for a GPU, compiled where they run, as one program in this order.
const GPU_SOURCES: [&str; 4] = ["gpu/numbers.cu", "gpu/cross_entropy.cu", "gpu/add_norm.cu", "gpu/spline.cu"];

fn main() {
    println!("cargo::rerun-if-changed=cpp");
    println!("cargo::rerun-if-changed=gpu");
    println!("cargo::rerun-if-changed=src/release.rs");
    println!("cargo::rerun-if-env-changed=LIBTORCH_INCLUDE");
    println!("cargo::rerun-if-env-changed=LIBTORCH_CXX11_ABI");

    let library = PathBuf::from(std::env::var_os("DEP_TCH_LIBTORCH_LIB").expect("torch-sys says where libtorch lies"));
    let home = library.parent().expect("libtorch's libraries lie in a folder of it");
    if !record_release(home) {
        return;
    }
    if !is_linted() {
        embed_gpu_sources();
        let has_tiles = is_x86() && TILES.iter().all(|flag| is_known_to_compiler(flag));
        compile_shim(home, has_tiles);
        compile_kernels(has_tiles);
    }

    // For the trainer's build script, and for the tests of this package.
    println!("cargo::metadata=libtorch_lib={}", library.display());
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", library.display());
}

/// Compiles into the program which release it was built against; false, with an error for cargo, for another release.
fn record_release(home: &Path) -> bool {
    for file in Release::FILES {
        // A watched file that is not there would make every build start over.
        let path = home.join(file);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    let Some(release) = Release::beside(home) else {
        println!("cargo::error=no {} in {}: is this a libtorch?", Release::FILES.join(" or "), home.display());
        return false;
    };
    if release.number() != SUPPORTED {
        let (found, home) = (&release.version, home.display());
        println!("cargo::error=libtorch {found} in {home}, but Seedbed needs {SUPPORTED}: run `cargo libtorch`");
        return false;
    }
    println!("cargo::rustc-env=SEEDBED_TORCH_VERSION={}", release.version);
    println!("cargo::rustc-env=SEEDBED_TORCH_COMMIT={}", release.commit);
    true
}

/// Whether clippy asks, which links nothing. Cargo keeps what it builds for clippy apart, so C++ would be compiled for
/// it anew.
fn is_linted() -> bool {
    std::env::var("RUSTC_WORKSPACE_WRAPPER").is_ok_and(|wrapper| wrapper.ends_with("clippy-driver"))
}

fn out_folder() -> PathBuf {
    PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to write"))
}

/// Writes the kernels for a GPU as a header of texts.
fn embed_gpu_sources() {
    let mut header = String::from("constexpr const char* kGpuSources[] = {\n");
    for source in GPU_SOURCES {
        let text = std::fs::read_to_string(source).unwrap_or_else(|error| panic!("cannot read {source}: {error}"));
        header.extend(["R\"seedbed(", &text, ")seedbed\",\n"]);
    }
    header.push_str("};\n");
    std::fs::write(out_folder().join("gpu_sources.h"), header).expect("cargo's own folder can be written");
}

/// The flags are torch-sys's: both look into the same C++ objects.
fn compile_shim(home: &Path, has_tiles: bool) {
    let include =
        std::env::var_os("LIBTORCH_INCLUDE").map_or_else(|| home.to_path_buf(), PathBuf::from).join("include");
    let abi = std::env::var("LIBTORCH_CXX11_ABI").unwrap_or_else(|_| "1".to_owned());
    let mut build = cc::Build::new();
    if has_tiles {
        build.define("SEEDBED_TILES", None);
    }
    build
        .cpp(true)
        .pic(true)
        .std("c++17")
        // libtorch's own headers do not compile without warnings.
        .include(out_folder())
        .flag(format!("-isystem{}", include.display()))
        .flag(format!("-isystem{}", include.join("torch/csrc/api/include").display()))
        .flag(format!("-D_GLIBCXX_USE_CXX11_ABI={abi}"))
        .flag("-DGLOG_USE_GLOG_EXPORT")
        // libtorch's loops over threads are templates, and without it they run on one.
        .flag("-fopenmp")
        .opt_level(3);
    let header = out_folder().join("libtorch.h");
    let compiled = precompile(&build, Path::new("cpp/libtorch.h"), &header);
    build.flag("-include").flag(&header).files(SOURCES).compile("seedbed_native");
    // Hundreds of megabytes, and of no more use.
    let _ = std::fs::remove_file(compiled);
}

/// Copies a header to `copy` and has it compiled beside it, where GCC and Clang look before they read it.
///
/// Nothing depends on it: a compiler that makes or takes no such file reads the header itself.
fn precompile(build: &cc::Build, header: &Path, copy: &Path) -> PathBuf {
    std::fs::copy(header, copy).expect("cargo's own folder can be written");
    let compiled = copy.with_extension("h.gch");
    let mut command = build.get_compiler().to_command();
    let status = command.args(["-x", "c++-header"]).arg(copy).arg("-o").arg(&compiled).status();
    if !status.is_ok_and(|status| status.success()) {
        let _ = std::fs::remove_file(&compiled);
    }
    compiled
}

fn is_x86() -> bool {
    std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "x86_64")
}

fn is_known_to_compiler(flag: &str) -> bool {
    cc::Build::new().cpp(true).is_flag_supported(flag).unwrap_or(false)
}

fn compile_kernels(has_tiles: bool) {
    let sets = INSTRUCTION_SETS.into_iter().map(|(name, flags)| (name, flags.to_vec()));
    let tiles = has_tiles.then(|| ("tiles", [AVX512, TILES].concat()));
    for (name, flags) in sets.chain(tiles).filter(|(_, flags)| flags.is_empty() || is_x86()) {
        let mut build = cc::Build::new();
        build.cpp(true).pic(true).std("c++17").opt_level(3).define("SEEDBED_ISA", name).file("cpp/kernels.cpp");
        // Nobody reads errno or floating-point flags, without which loops can be vectorised. GCC 12 warns of its own
        // header.
        for flag in
            ["-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math", "-Wno-maybe-uninitialized", "-Wno-uninitialized"]
                .iter()
                .chain(&flags)
        {
            build.flag(flag);
        }
        build.compile(&format!("seedbed_kernels_{name}"));
    }
}
