// A ReadBuffer is where a connection's bytes arrive: [consumed | input | room].
//
// Its memory comes from a pool of the
// thread and goes back to it, so that connections hold memory only while bytes move.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace base::http {

class ReadBuffer {
 public:
  static constexpr std::size_t kSmall = 16 * 1024;
  static constexpr std::size_t kLarge = 80 * 1024;

  ReadBuffer() = default;
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;
  ~ReadBuffer() { Release(); }

  std::string_view input() const { return {data_ + begin_, end_ - begin_}; }
  char* input_data() { return data_ + begin_; }
  std::span<char> room() { return {data_ + end_, capacity_ - end_}; }
  std::size_t capacity() const { return capacity_; }
  // Nothing lies here that anybody has views into.
  bool unused() const { return begin_ == end_ && pinned_ == 0; }

  // `bytes` of the room were filled.
  void Filled(std::size_t bytes) { end_ += bytes; }
  void Consume(std::size_t bytes) { begin_ += bytes; }
  // What was consumed stays where it is, although the input moves: somebody has views into it.
  void Pin() { pinned_ = begin_; }
  void Unpin() { pinned_ = 0; }
  // Moves the input to the front, or behind what is pinned. Views into it end.
  void Compact();
  // Makes at least `capacity` in all, keeping the input, which moves to the front. REQUIRES:
  // nothing is pinned.
  void Reserve(std::size_t capacity);
  // Gives the memory back; the input is lost.
  void Release();

 private:
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t pinned_ = 0;
};

}  // namespace base::http
