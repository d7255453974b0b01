#include "registry/service/grpc_stream.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

namespace registry {

grpc::Status ToStatus(const base::Error& error) {
  return grpc::Status(static_cast<grpc::StatusCode>(error.code), error.message);
}

grpc::Status Broken() {
  return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                      "the request is not a message of this method");
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

std::shared_ptr<GrpcStream> GrpcStream::Make(const Method& method, WorkerPool& pool) {
  std::shared_ptr<GrpcStream> stream(new GrpcStream(method, pool));
  stream->self_ = stream;
  return stream;
}

void GrpcStream::Begin(Admit admit, const grpc::ByteBuffer& request) {
  pool_.Post([self = shared_from_this(), admit = std::move(admit), &request] {
    self->Open(admit, request);
  });
}

void GrpcStream::Open(const Admit& admit, const grpc::ByteBuffer& request) {
  const auto caller = admit();
  if (caller.has_error()) return End(ToStatus(caller.error()));
  const std::unique_ptr<google::protobuf::Message> question(method_.request->New());
  if (!ParseBuffer(request, *question)) return End(Broken());
  auto opened = method_.Open(*caller, *question, [weak = weak_from_this()] {
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
