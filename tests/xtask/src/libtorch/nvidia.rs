//! Whether this machine has an NVIDIA driver, and which CUDA libraries torch pins.

use std::path::Path;

/// Whether this machine has an NVIDIA driver.
pub(super) fn has_driver() -> bool {
    const FOLDERS: [&str; 5] =
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"];
    Path::new("/proc/driver/nvidia").exists()
        || FOLDERS.iter().any(|folder| Path::new(folder).join("libcuda.so.1").exists())
}

/// The CUDA libraries among the requirements in a wheel's METADATA, each pinned to one version.
pub(super) fn pinned_libraries(metadata: &str) -> Vec<String> {
    let requirements = metadata.lines().filter_map(|line| line.strip_prefix("Requires-Dist: "));
    requirements
        // What stands behind the semicolon is a condition, which Linux meets.
        .map(|requirement| requirement.split(';').next().unwrap_or_default().trim())
        .filter(|requirement| requirement.starts_with("nvidia-") || requirement.starts_with("cuda-toolkit"))
        .filter(|requirement| requirement.contains("=="))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_libraries_are_told_from_other_requirements() {
        let metadata = "\
Name: torch
Requires-Dist: filelock
Requires-Dist: sympy>=1.13.3
Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.2; platform_system == \"Linux\"
Requires-Dist: cuda-bindings<14,>=13.0.3; platform_system == \"Linux\"
Requires-Dist: nvidia-nccl-cu13==2.28.9; platform_system == \"Linux\"
Requires-Dist: triton==3.6.0; platform_system == \"Linux\"

nvidia-smi==text
";
        assert_eq!(pinned_libraries(metadata), ["cuda-toolkit[cublas,cudart]==13.0.2", "nvidia-nccl-cu13==2.28.9"]);
    }
}
