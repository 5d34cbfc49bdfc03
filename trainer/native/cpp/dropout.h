// Which entries dropout keeps, by a key and their place alone.
#pragma once

#include "kernels.h"

namespace seedbed {

inline uint64_t mixed(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Of the row at `place`, whose entries are dropped with this probability.
inline RowDropout row_dropout(double probability, uint64_t key, uint64_t place) {
  if (probability == 0) return {0, 0, 1};
  return {
      static_cast<uint32_t>(mixed(key + mixed(place)) >> 32), static_cast<uint32_t>(probability * 4294967296.0),
      static_cast<float>(1.0 / (1.0 - probability))};
}

}  // namespace seedbed
