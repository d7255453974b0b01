// A HearingClient notes whether a call's caller has heard anything of it yet: from then on it cannot
// be asked anew.
#pragma once

#include <string>
#include <string_view>

#include "mcp/call.h"

namespace gateway {

class HearingClient final : public mcp::Client {
 public:
  explicit HearingClient(mcp::Client& caller) : caller_(caller) {}

  bool heard() const { return heard_; }

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    heard_ = true;
    return caller_.Notify(message);
  }
  base::Task<base::Result<void>> Relay(mcp::Source& source) override {
    heard_ = true;
    return caller_.Relay(source);
  }
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override {
    heard_ = true;
    return caller_.Ask(request, cancel);
  }
  base::Task<base::Result<void>> BreakOff() override {
    heard_ = true;
    return caller_.BreakOff();
  }

 private:
  mcp::Client& caller_;
  bool heard_ = false;
};

}  // namespace gateway
