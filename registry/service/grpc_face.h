// The gRPC face of the method table, with health and reflection. Callback API: a waiting stream
// costs no thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/http/tls.h"
#include "base/result.h"
#include "registry/service/anonymous_read.h"
#include "registry/service/authenticator.h"
#include "registry/service/methods.h"
#include "registry/service/worker_pool.h"

namespace registry {

inline constexpr int kMaxMessageBytes = 20 * 1024 * 1024;

class GrpcFace {
 public:
  // `address` is HOST:PORT; port 0: any free one. With `tls`, whose files gRPC itself reads again
  // when they change. kUnavailable when it is taken.
  static base::Result<std::unique_ptr<GrpcFace>> Listen(
      const std::string& address, const base::http::ServerTls& tls, const Methods& methods,
      Authenticator& authenticator, AnonymousRead anonymous_read, WorkerPool& pool);
  ~GrpcFace();

  int port() const;
  // Health says NOT_SERVING; new calls are refused, running ones end within `grace`, streams at
  // once after it.
  void Drain(std::chrono::milliseconds grace);

 private:
  struct Server;
  explicit GrpcFace(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace registry
