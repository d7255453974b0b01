#include "registry/service/grpc_stream.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

namespace registry {

grpc::Status ToStatus(const base::Error& error) {
  return grpc::Status(static_cast<grpc::StatusCode>(error.code), error.message);
}

bool ParseBuffer(const grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  grpc::ByteBuffer copy(buffer);  // shares its slices; the reader wants it mutable
  grpc::ProtoBufferReader reader(&copy);
  return reader.status().ok() && message.ParseFromZeroCopyStream(&reader);
}

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message) {
  grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* GrpcStream::Start(
    const Method& method, Caller caller, std::unique_ptr<google::protobuf::Message> request,
    WorkerPool& pool) {
  std::shared_ptr<GrpcStream> stream(new GrpcStream(method, pool));
  stream->self_ = stream;
  std::shared_ptr<google::protobuf::Message> shared = std::move(request);
  pool.Post([stream, caller = std::move(caller), shared] { stream->Open(caller, *shared); });
  return stream.get();
}

void GrpcStream::Open(const Caller& caller, const google::protobuf::Message& request) {
  auto opened = method_.stream(caller, request, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Wake();
  });
  if (opened.has_error()) return End(ToStatus(opened.error()));
  stream_ = std::move(*opened);
  Pull();
}

void GrpcStream::Wake() {
  {
    std::lock_guard lock(mutex_);
    wanted_ = true;
    if (busy_ || ended_) return;
    busy_ = true;
  }
  PostPull();
}

void GrpcStream::PostPull() {
  pool_.Post([self = shared_from_this()] { self->Pull(); });
}

void GrpcStream::Pull() {
  while (true) {
    {
      std::lock_guard lock(mutex_);
      wanted_ = false;
      if (cancelled_) break;
    }
    const std::unique_ptr<google::protobuf::Message> message(method_.response->New());
    const auto state = stream_->Next(*message);
    if (state.has_error()) return End(ToStatus(state.error()));
    if (*state == Stream::State::kEnd) return End(grpc::Status::OK);
    if (*state == Stream::State::kMessage) {
      buffer_ = ToBuffer(*message);
      StartWrite(&buffer_);  // still busy, until OnWriteDone
      return;
    }
    std::lock_guard lock(mutex_);
    if (wanted_ || cancelled_) continue;
    busy_ = false;
    return;
  }
  End(grpc::Status::CANCELLED);
}

void GrpcStream::End(const grpc::Status& status) {
  stream_.reset();
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  Finish(status);
}

void GrpcStream::OnWriteDone(bool ok) {
  if (!ok) {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  PostPull();
}

void GrpcStream::OnCancel() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (busy_ || ended_) return;
    busy_ = true;
  }
  PostPull();
}

void GrpcStream::OnDone() { self_.reset(); }

}  // namespace registry
