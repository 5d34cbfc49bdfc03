// The border between C++ and Rust: what every function of the shim keeps to.
//
// A function returns null, or the text of what went wrong, which the caller gives back to `seedbed_release_text`. No
// exception leaves the shim: unwinding into Rust is undefined behaviour.
#pragma once

#include <cstdlib>
#include <cstring>
#include <exception>

namespace seedbed {

inline char* owned_text(const char* text) {
  // `strdup` returns null only when memory is exhausted, and null would be read as success.
  char* copy = strdup(text);
  if (copy == nullptr) std::abort();
  return copy;
}

template <typename Body>
char* guarded(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const std::exception& error) {
    return owned_text(error.what());
  } catch (...) {
    return owned_text("an exception of unknown type");
  }
}

}  // namespace seedbed
