// Tells observers everything that exists: at the start, when nobody is served yet.
#pragma once

#include <span>

#include "base/result.h"
#include "registry/catalog/watch.h"

namespace registry {

class Reader;

// Part by part, in the order of revisions, what a server offers before the server itself, so that
// nobody takes it in twice. Each part is told to all observers at the same time, each on a thread of
// its own, while the next is read.
base::Result<void> Replay(Reader& all, std::span<Observer* const> observers);

}  // namespace registry
