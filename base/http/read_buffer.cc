#include "base/http/read_buffer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace base::http {
namespace {

// Free buffers of one size. After the thread's end they go straight back.
struct Shelf {
  struct Node {
    Node* next;
  };
  std::size_t bytes;
  std::size_t room;
  Node* first = nullptr;

  ~Shelf() {
    while (first) ::operator delete(std::exchange(first, first->next));
    room = 0;
  }
  char* Take() {
    if (!first) return static_cast<char*>(::operator new(bytes));
    Node* node = std::exchange(first, first->next);
    ++room;
    return reinterpret_cast<char*>(node);
  }
  void Give(char* data) {
    if (room == 0) return ::operator delete(data);
    --room;
    first = new (data) Node{first};
  }
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// The sanitizers see a use after release only when memory really is freed.
constexpr std::size_t kSmallKept = 0, kLargeKept = 0;
#else
constexpr std::size_t kSmallKept = 128, kLargeKept = 16;
#endif

thread_local Shelf small_shelf{ReadBuffer::kSmall, kSmallKept};
thread_local Shelf large_shelf{ReadBuffer::kLarge, kLargeKept};

}  // namespace

void ReadBuffer::Compact() {
  if (begin_ == pinned_) return;
  const std::size_t size = end_ - begin_;
  if (size > 0) std::memmove(data_ + pinned_, data_ + begin_, size);
  begin_ = pinned_;
  end_ = pinned_ + size;
}

void ReadBuffer::Reserve(std::size_t capacity) {
  if (capacity_ >= capacity) return Compact();
  char* larger = nullptr;
  if (capacity <= kSmall) {
    larger = small_shelf.Take();
    capacity = kSmall;
  } else if (capacity <= kLarge) {
    larger = large_shelf.Take();
    capacity = kLarge;
  } else {
    larger = static_cast<char*>(::operator new(capacity));
  }
  const std::size_t size = end_ - begin_;
  if (size > 0) std::memcpy(larger, data_ + begin_, size);
  Release();
  data_ = larger;
  capacity_ = capacity;
  end_ = size;
}

void ReadBuffer::Release() {
  if (data_) {
    if (capacity_ == kSmall) {
      small_shelf.Give(data_);
    } else if (capacity_ == kLarge) {
      large_shelf.Give(data_);
    } else {
      ::operator delete(data_);
    }
  }
  data_ = nullptr;
  capacity_ = begin_ = end_ = pinned_ = 0;
}

}  // namespace base::http
