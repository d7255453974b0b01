#include "base/task.h"

#include <array>
#include <new>

namespace base::task_internal {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

// The sanitizers see a use after free only when frames really are freed.
void* AllocateFrame(std::size_t bytes) { return ::operator new(bytes); }
void FreeFrame(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

// Frames in classes of 64 bytes, up to 4 KiB; each thread keeps at most 256 KiB of a class: what
// some hundred calls at once need.
constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClasses = 64;
constexpr std::size_t kMaxKeptBytes = 256 * 1024;

struct Node {
  Node* next;
  std::size_t bytes;  // of the list from here on
};

// Without a destructor of its own, so that a warm call finds it without asking whether it lives.
struct FreeLists {
  std::array<Node*, kClasses> head;
  std::size_t max_bytes;
};
constinit thread_local FreeLists free_lists{{}, kMaxKeptBytes};

// Made when a thread first asks the heap for a frame.
struct Sweeper {
  ~Sweeper() {
    free_lists.max_bytes = 0;  // a frame freed later, during thread exit, goes straight back
    for (Node*& head : free_lists.head) {
      while (head) ::operator delete(std::exchange(head, head->next));
    }
  }
};
thread_local Sweeper sweeper;

std::size_t ClassOf(std::size_t bytes) { return (bytes + kClassBytes - 1) / kClassBytes - 1; }

void* AllocateNew(std::size_t bytes) {
  static_cast<void>(&sweeper);
  return ::operator new(bytes);
}

}  // namespace

void* AllocateFrame(std::size_t bytes) {
  const std::size_t size_class = ClassOf(bytes);
  if (size_class >= kClasses) return ::operator new(bytes);
  Node*& head = free_lists.head[size_class];
  if (Node* const node = head) {
    head = node->next;
    return node;
  }
  return AllocateNew((size_class + 1) * kClassBytes);
}

void FreeFrame(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = ClassOf(bytes);
  if (size_class >= kClasses) return ::operator delete(frame);
  Node*& head = free_lists.head[size_class];
  const std::size_t kept = (head ? head->bytes : 0) + (size_class + 1) * kClassBytes;
  if (kept > free_lists.max_bytes) return ::operator delete(frame);
  head = new (frame) Node{head, kept};
}

#endif

}  // namespace base::task_internal
