// One exchange on its way through the endpoint: what both eras need to answer it. Inside mcp only.
//
// Lives in ServeHttp's frame; one thread.
#pragma once

#include <boost/container/small_vector.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/http/server.h"
#include "base/loop.h"
#include "mcp/error.h"
#include "mcp/handler.h"
#include "mcp/http_caller.h"
#include "mcp/http_endpoint.h"
#include "mcp/request_headers.h"

namespace mcp {

struct EndpointExchange {
  EndpointExchange(base::http::Exchange& its_exchange, base::Loop& its_loop,
                   const base::auth::Principal& its_principal, Record& its_record,
                   Handler& its_handler, const EndpointOptions& its_options);

  // Reads the message's parts: views into `its_bytes`.
  void Take(std::string_view its_bytes, const Envelope& its_envelope);
  std::string_view id() const { return envelope.id.of(bytes); }
  bool is_request() const { return envelope.kind == Envelope::Kind::kRequest; }

  // `session` is the key that handlers know.
  Call MakeCall(Client& client, base::CancelSignal& cancel, Revision revision,
                std::string_view session);
  // Why it cannot be a call, whatever the Handler is; nullopt when it can.
  std::optional<CallError> CheckCall() const;
  // Asks the Handler; our own bugs become an answer.
  base::Task<Response> Handle(Call& call);
  // Gives the Handler's answer to the caller.
  base::Task<void> Deliver(HttpCaller& caller, Response response, bool modern);

  base::Task<void> Send(int status, std::string_view body,
                        std::span<const base::http::Field> more = {});
  base::Task<void> Refuse(int status, std::string_view raw_id, const CallError& error,
                          std::span<const base::http::Field> more = {});
  // Before anything of the body is known.
  base::Task<void> RefuseText(int status, int code, std::string_view sentence,
                              std::string_view reason,
                              std::span<const base::http::Field> more = {});
  // What a filter or a backend has noted already is more exact.
  void NoteOutcome(const AnswerOutcome& outcome);

  base::http::Exchange& exchange;
  base::Loop& loop;
  const base::auth::Principal& principal;
  Record& record;
  Handler& handler;
  const EndpointOptions& options;
  const RequestHeaders headers;

  // The message
  std::string_view bytes;
  Envelope envelope;
  std::string_view method;
  std::string_view item;
  // What its caller says of itself
  std::string_view client_capabilities;
  std::string_view client_info;
  std::string_view log_level;

 private:
  using FieldList = boost::container::small_vector<base::http::Field, 12>;
  Response InternalError(std::string_view what);
  void FillFields(FieldList& fields, const Response& response) const;

  std::string method_storage_;
  std::string item_storage_;
};

}  // namespace mcp
