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
};

struct FreeLists {
  std::array<Node*, kClasses> head{};
  std::array<std::size_t, kClasses> kept_bytes{};
  ~FreeLists() {
    for (Node* node : head) {
      while (node) ::operator delete(std::exchange(node, node->next));
    }
    head.fill(nullptr);
    kept_bytes.fill(kMaxKeptBytes);  // a frame freed later, during thread exit, goes straight back
  }
};

thread_local FreeLists free_lists;

std::size_t ClassOf(std::size_t bytes) { return (bytes + kClassBytes - 1) / kClassBytes - 1; }

}  // namespace

void* AllocateFrame(std::size_t bytes) {
  const std::size_t size_class = ClassOf(bytes);
  if (size_class >= kClasses) return ::operator new(bytes);
  FreeLists& lists = free_lists;
  if (Node* node = lists.head[size_class]) {
    lists.head[size_class] = node->next;
    lists.kept_bytes[size_class] -= (size_class + 1) * kClassBytes;
    return node;
  }
  return ::operator new((size_class + 1) * kClassBytes);
}

void FreeFrame(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = ClassOf(bytes);
  FreeLists& lists = free_lists;
  if (size_class >= kClasses || lists.kept_bytes[size_class] >= kMaxKeptBytes)
    return ::operator delete(frame);
  Node* node = static_cast<Node*>(frame);
  node->next = lists.head[size_class];
  lists.head[size_class] = node;
  lists.kept_bytes[size_class] += (size_class + 1) * kClassBytes;
}

#endif

}  // namespace base::task_internal
