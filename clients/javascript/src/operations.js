// One method for each operation with a key. Written by clients/generate.py from the OpenAPI document; changes here are lost.

export class Operations {
  /** 报送一条信息 / Send one record */
  sendRecord(dataset, body, options = {}) {
    return this.request("POST", `/api/v1/datasets/${encodeURIComponent(dataset)}/records`, { body, headers: { "Idempotency-Key": options.idempotencyKey } });
  }

  /** 报送一批 / Send a batch */
  sendDelivery(dataset, body, options = {}) {
    return this.request("POST", `/api/v1/datasets/${encodeURIComponent(dataset)}/deliveries`, { body, headers: { "Idempotency-Key": options.idempotencyKey }, contentType: options.contentType });
  }

  /** 可报送的信息资源 / Datasets this client may deliver */
  listDatasets() {
    return this.request("GET", `/api/v1/datasets`);
  }

  /** 本部门经接口报送的批次 / Own deliveries */
  listDeliveries(options = {}) {
    return this.request("GET", `/api/v1/deliveries`, { query: { "dataset": options.dataset, "state": options.state, "page": options.page } });
  }

  /** 批次回执 / Receipt of a delivery */
  getDelivery(number) {
    return this.request("GET", `/api/v1/deliveries/${encodeURIComponent(number)}`);
  }

  /** 逐行问题 / Findings of a delivery */
  listFindings(number, options = {}) {
    return this.request("GET", `/api/v1/deliveries/${encodeURIComponent(number)}/findings`, { query: { "page": options.page } });
  }

  /** 可核验的事项 / Items this client may verify for */
  listVerifyItems() {
    return this.request("GET", `/api/v1/verify/items`);
  }

  /** 核验一个主体 / Verify one entity */
  verifyEntity(code, options = {}) {
    return this.request("GET", `/api/v1/verify/${encodeURIComponent(code)}`, { query: { "purpose": options.purpose, "item": options.item, "case": options.case } });
  }

  /** 核验一批主体 / Verify a batch */
  verifyBatch(body) {
    return this.request("POST", `/api/v1/verify`, { body });
  }

  /** 联合奖惩的代码 / Codes of joint work */
  jointVocabulary() {
    return this.request("GET", `/api/v1/joint-work/vocabulary`);
  }

  /** 本单位的联合奖惩办理 / Joint work of this unit */
  listJointWork(options = {}) {
    return this.request("GET", `/api/v1/joint-work`, { query: { "state": options.state, "matter": options.matter, "page": options.page } });
  }

  /** 记录决定（M3） / Record a decision (M3) */
  decideJointWork(body, options = {}) {
    return this.request("POST", `/api/v1/joint-work`, { body, headers: { "Idempotency-Key": options.idempotencyKey } });
  }

  /** 一件联合奖惩办理 / One piece of joint work */
  getJointWork(number) {
    return this.request("GET", `/api/v1/joint-work/${encodeURIComponent(number)}`);
  }

  /** 反馈执行情况（M4） / Feed back the execution (M4) */
  executeJointWork(number, body, options = {}) {
    return this.request("POST", `/api/v1/joint-work/${encodeURIComponent(number)}/execution`, { body, headers: { "Idempotency-Key": options.idempotencyKey } });
  }

  /** 回执解除情况（M6） / Acknowledge the lifting (M6) */
  liftJointWork(number, body, options = {}) {
    return this.request("POST", `/api/v1/joint-work/${encodeURIComponent(number)}/lifting`, { body, headers: { "Idempotency-Key": options.idempotencyKey } });
  }
}
