// Short texts, all their bytes at once: heads are full of names and values that are looked at in
// every message. x86-64 has the instructions for it; elsewhere callers go byte by byte.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>

#include <cstring>
#include <string_view>

namespace base::http {

inline __m128i SixteenAt(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// All bytes of a text of 4 to 15, some of them twice.
inline __m128i SixteenOf(std::string_view text) {
  const auto word = [](const char* at, auto of_kind) {
    std::memcpy(&of_kind, at, sizeof(of_kind));
    return of_kind;
  };
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() >= 8) return _mm_set_epi64x(word(end - 8, 0LL), word(begin, 0LL));
  const int first = word(begin, 0), last = word(end - 4, 0);
  return _mm_set_epi32(last, first, last, first);
}

}  // namespace base::http
#endif
