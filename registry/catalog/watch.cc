#include "registry/catalog/watch.h"

#include <utility>

namespace registry {

Bell::Listener::Listener(Bell& bell, std::function<void()> heard) : bell_(bell) {
  std::lock_guard lock(bell_.mutex_);
  id_ = bell_.next_id_++;
  bell_.listeners_.emplace(id_, std::move(heard));
}

Bell::Listener::~Listener() {
  std::lock_guard lock(bell_.mutex_);
  bell_.listeners_.erase(id_);
}

void Bell::Ring() {
  std::lock_guard lock(mutex_);
  for (const auto& [id, heard] : listeners_) heard();
}

}  // namespace registry
