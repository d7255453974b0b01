#include "registry/service/worker_pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace registry {

struct WorkerPool::Threads {
  explicit Threads(int count) : pool(static_cast<std::size_t>(count)) {}
  boost::asio::thread_pool pool;
};

WorkerPool::WorkerPool(int threads) : threads_(std::make_unique<Threads>(threads)) {}
WorkerPool::~WorkerPool() { Stop(); }

void WorkerPool::Post(std::function<void()> work) {
  boost::asio::post(threads_->pool, std::move(work));
}

void WorkerPool::Stop() {
  threads_->pool.stop();
  threads_->pool.join();
}

}  // namespace registry
