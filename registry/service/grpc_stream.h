// One server stream on gRPC: pulls its Stream on the pool, writes, and waits for the next wake
// without a thread.
#pragma once

#include <grpcpp/impl/codegen/byte_buffer.h>
#include <grpcpp/impl/codegen/server_callback.h>

#include <functional>
#include <memory>
#include <mutex>

#include "registry/service/methods.h"
#include "registry/service/worker_pool.h"

namespace registry {

grpc::Status ToStatus(const base::Error& error);
// What the caller sent is no message of the method.
grpc::Status Broken();
bool ParseBuffer(const grpc::ByteBuffer& buffer, google::protobuf::Message& message);
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message);

// Lives until gRPC has called OnDone and no pull runs.
class GrpcStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                         public std::enable_shared_from_this<GrpcStream> {
 public:
  // Lives until gRPC has called OnDone: Begin must follow.
  static std::shared_ptr<GrpcStream> Make(const Method& method, WorkerPool& pool);
  // From any thread: opens the method's stream on the pool for whoever `admit` lets in there.
  using Admit = std::function<base::Result<Caller>()>;
  void Begin(Admit admit, const grpc::ByteBuffer& request);

 private:
  GrpcStream(const Method& method, WorkerPool& pool) : method_(method), pool_(pool) {}

  void Open(const Admit& admit, const grpc::ByteBuffer& request);
  // Asks for a pull: now, or when the running one or the running write is over.
  void Wake();
  void PostPull();
  void Pull();
  void End(const grpc::Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  const Method& method_;
  WorkerPool& pool_;
  std::shared_ptr<GrpcStream> self_;

  std::mutex mutex_;
  // Under mutex_
  bool busy_ = true;     // a pull or a write is on its way
  bool wanted_ = false;  // pull again when it is over
  bool cancelled_ = false;
  bool ended_ = false;

  // Used by the one who is busy
  std::unique_ptr<Stream> stream_;
  grpc::ByteBuffer buffer_;
};

}  // namespace registry
