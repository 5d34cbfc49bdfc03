//! The only unsafe room: a C++ shim over libtorch, memory maps, and loading CUDA at run time.
