//! Tells the trainer's binary where to look for libtorch.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DEP_SEEDBED_NATIVE_LIBTORCH_LIB");

    let built_against = std::env::var("DEP_SEEDBED_NATIVE_LIBTORCH_LIB").expect("the crate `native` says where");
    // As built; shipped with `libtorch` beside the binary's folder; in a checkout that was moved.
    for folder in [&built_against, "$ORIGIN/../libtorch/torch/lib", "$ORIGIN/../../.libtorch/torch/lib"] {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
