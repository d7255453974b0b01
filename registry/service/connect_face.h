// The JSON face of the method table: POST /api/{package.Service}/{Method}, as the Connect protocol
// has it (https://connectrpc.com/docs/protocol): unary JSON, and server streams as
// application/connect+json.
//
// Input is read strictly by base/manifest (an unknown field is an error that names it); output is
// proto3 JSON. One loop; methods run on the pool.
#pragma once

#include <string>
#include <string_view>

#include "base/http/server.h"
#include "base/loop.h"
#include "registry/service/methods.h"
#include "registry/service/worker_pool.h"

namespace registry {

class ConnectFace {
 public:
  ConnectFace(const Methods& methods, WorkerPool& pool, base::Loop& loop)
      : methods_(methods), pool_(pool), loop_(loop) {}

  // `method` is `portolan.v1.CatalogService/Get`.
  base::Task<void> Serve(base::http::Exchange& exchange, std::string_view method,
                         const Caller& caller);

 private:
  base::Task<void> ServeUnary(base::http::Exchange& exchange, const Method& method,
                              const Caller& caller);
  base::Task<void> ServeStream(base::http::Exchange& exchange, const Method& method,
                               const Caller& caller);

  const Methods& methods_;
  WorkerPool& pool_;
  base::Loop& loop_;
};

// {"code":"not_found","message":"..."}, with the status of the code.
base::Task<void> RespondError(base::http::Exchange& exchange, const base::Error& error);

}  // namespace registry
