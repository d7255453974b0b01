// An AdmittedExchange is the caller's exchange with the header lines that every answer of ours
// carries: the request id, the deprecation of the server, what lets the portal's page read it, and
// what filters have put into the record for it.
// Everything else passes through.
#pragma once

#include <boost/container/small_vector.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/http/server.h"
#include "mcp/record.h"

namespace gateway {

class AdmittedExchange final : public base::http::Exchange {
 public:
  explicit AdmittedExchange(base::http::Exchange& exchange) : exchange_(exchange) {}

  // The answer carries the record's lines, as they are when it begins. The record outlives this.
  void Carry(const mcp::Record& record) { record_ = &record; }

  // Adds a line to the answer; both outlive the exchange. REQUIRES: it has not begun.
  void Add(std::string_view name, std::string_view value) { added_.push_back({name, value}); }

  const base::http::RequestHead& head() const override { return exchange_.head(); }
  std::string_view peer_address() const override { return exchange_.peer_address(); }
  std::uint64_t connection_id() const override { return exchange_.connection_id(); }
  bool is_tls() const override { return exchange_.is_tls(); }
  base::CancelSignal& cancel() override { return exchange_.cancel(); }
  std::uint64_t bytes_in() const override { return exchange_.bytes_in(); }
  std::uint64_t bytes_out() const override { return exchange_.bytes_out(); }
  bool response_started() const override { return exchange_.response_started(); }

  base::Task<base::Result<std::string_view>> ReadBody(std::size_t max_bytes) override {
    return exchange_.ReadBody(max_bytes);
  }
  base::Task<base::Result<void>> Respond(int status, std::span<const base::http::Field> fields,
                                         std::string_view body) override {
    return exchange_.Respond(status, With(fields), body);
  }
  base::Task<base::Result<void>> Respond(int status, std::span<const base::http::Field> fields,
                                         std::span<const std::string_view> body) override {
    return exchange_.Respond(status, With(fields), body);
  }
  base::Task<base::Result<void>> StartStream(int status, std::span<const base::http::Field> fields,
                                             std::uint64_t content_length) override {
    return exchange_.StartStream(status, With(fields), content_length);
  }
  base::Task<base::Result<void>> Write(std::string_view bytes) override {
    return exchange_.Write(bytes);
  }
  base::Task<base::Result<void>> FinishStream() override { return exchange_.FinishStream(); }
  void CloseConnection() override { exchange_.CloseConnection(); }

 private:
  // An answer begins once, so the lines can be kept here while it is written.
  std::span<const base::http::Field> With(std::span<const base::http::Field> fields) {
    if (record_) {
      for (const auto& [name, value] : record_->answer_fields) added_.push_back({name, value});
    }
    added_.insert(added_.end(), fields.begin(), fields.end());
    return {added_.data(), added_.size()};
  }

  base::http::Exchange& exchange_;
  const mcp::Record* record_ = nullptr;
  boost::container::small_vector<base::http::Field, 12> added_;
};

}  // namespace gateway
