#include "gateway/filters/upstream_failure.h"

#include <algorithm>

#include "portolan/v1/policy.pb.h"

namespace gateway {

namespace {

using Named = portolan::v1::UpstreamFailure;

Named::Value ValueOf(mcp::UpstreamFailure failure) {
  switch (failure) {
    case mcp::UpstreamFailure::kNone: break;
    case mcp::UpstreamFailure::kConnect: return Named::CONNECT;
    case mcp::UpstreamFailure::kTimedOut: return Named::TIMED_OUT;
    case mcp::UpstreamFailure::kBroken: return Named::BROKEN;
    case mcp::UpstreamFailure::kHttp429: return Named::HTTP_429;
    case mcp::UpstreamFailure::kHttp500: return Named::HTTP_500;
    case mcp::UpstreamFailure::kHttp502: return Named::HTTP_502;
    case mcp::UpstreamFailure::kHttp503: return Named::HTTP_503;
    case mcp::UpstreamFailure::kHttp504: return Named::HTTP_504;
  }
  return Named::UNSPECIFIED;
}

}  // namespace

bool IsAmong(mcp::UpstreamFailure failure, const google::protobuf::RepeatedField<int>& listed) {
  return std::find(listed.begin(), listed.end(), ValueOf(failure)) != listed.end();
}

}  // namespace gateway
