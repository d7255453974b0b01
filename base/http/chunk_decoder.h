// A ChunkDecoder takes the chunks of a body apart, in place (RFC 9112, section 7.1).
//
//   chunked-body = *( size [ extensions ] CRLF data CRLF ) 1*"0" [ extensions ] CRLF *trailer CRLF
//
// Strict where two readers of one body could disagree about its end: sizes have at least one and at
// most 16 digits, every line ends in CR LF, no control characters, nothing but extensions behind a
// size. Extensions and trailers are read over: nobody gets to see them, and who passes the body on
// makes chunks of its own.
//
// Bounded: what is not payload may exceed what ordinary chunks need by 16 KiB in all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace base::http {

class ChunkDecoder {
 public:
  struct Outcome {
    // Taken from the input: all of it, but what stands behind the end of the body.
    std::size_t consumed = 0;
    // What of it is the body's, moved together within the input.
    std::string_view payload;
    bool done = false;
    bool broken = false;
  };
  // The next bytes, in pieces of any size.
  Outcome Decode(char* bytes, std::size_t size);

 private:
  enum class Want {
    kSize,
    kSemicolon,  // behind spaces
    kExtensions,
    kSizeEnd,
    kData,
    kDataEnd1,
    kDataEnd2,
    kTrailer,
    kTrailerName,
    kTrailerValue,
    kTrailerEnd,
    kEnd,
    kDone,
    kBroken,
  };

  // Between the data of two chunks, when only a size stands there and all of it is at hand: takes it
  // at once, as most are. 0: not so.
  std::size_t TakeOrdinary(std::string_view bytes);
  // What to want behind `c`, which is not payload.
  Want Behind(char c);
  Want BehindSize(char c);
  Want BeginData();

  Want want_ = Want::kSize;
  int digits_ = 0;
  // Of the chunk, still to come.
  std::uint64_t left_ = 0;
  // Bytes that are not payload, less what was due.
  std::uint64_t excess_ = 0;
};

}  // namespace base::http
