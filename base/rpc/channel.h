// A channel to the registry's gRPC, as gateways and the command line open it: plain, or by TLS.
//
// The only part of base/ that links gRPC, and a target of its own for that.
#pragma once

#include <grpcpp/support/channel_arguments.h>

#include <memory>

#include "base/result.h"
#include "base/rpc/peer.h"

namespace grpc {
class Channel;
}

namespace base::rpc {

// Connects when it is first used. `arguments` are the caller's own; message sizes and what concerns the peer are added.
// kInvalidArgument names a file that cannot be read.
Result<std::shared_ptr<grpc::Channel>> OpenChannel(const Peer& peer,
                                                   grpc::ChannelArguments arguments = {});

}  // namespace base::rpc
