"""One method for each operation with a key. Written by clients/generate.py from the OpenAPI document; changes here are lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast
from urllib.parse import quote

from xinyong_client._types import (
    DatasetsOut,
    DecisionIn,
    DeliveriesOut,
    DeliveryOut,
    ExecutionIn,
    FindingsOut,
    ItemsOut,
    JointListOut,
    JointOut,
    LiftingIn,
    Record,
    RecordOut,
    VerifyBatchIn,
    VerifyBatchOut,
    VerifyOut,
    VocabularyOut,
)


class Operations:
    """The operations; :class:`xinyong_client.Client` sends them."""

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        content_type: str = "application/json",
    ) -> Any:
        raise NotImplementedError

    def send_record(
        self,
        dataset: str,
        body: Record,
        *,
        idempotency_key: str | None = None,
    ) -> RecordOut:
        """报送一条信息 / Send one record

        请求内即给出结果：入库（201）、内容未变（200），或退回并逐项说明（422）。每条自成一个批次，有批次号和回执。键为信息资源的字段标识，未写的字段视为空。 / The record is stored (201),
        found unchanged (200), or returned with findings (422) within the request. It is a delivery of its own with
        number and receipt. Keys are field ids of the dataset; absent fields are empty.
        """
        return cast(
            RecordOut,
            self._request(
                "POST",
                f"/api/v1/datasets/{quote(str(dataset), safe='')}/records",
                body=body,
                headers={"Idempotency-Key": idempotency_key},
            ),
        )

    def send_delivery(
        self,
        dataset: str,
        body: list[Record] | bytes,
        *,
        idempotency_key: str | None = None,
        content_type: Literal[
            "application/json",
            "application/x-ndjson",
            "application/jsonl",
            "text/csv",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/gzip",
        ] = "application/json",
    ) -> DeliveryOut:
        """报送一批 / Send a batch

        立即保存、编号并答复 202；处理进度和回执见 Location。可为 JSON 数组（16 MiB 以内）、JSON Lines、CSV、XLSX，JSON Lines 和 CSV 可用 gzip 压缩；也可用表单字段
        file 上传。列名可用该信息资源的任一版式。 / The batch is kept, numbered and answered with 202 at once; the receipt at Location
        tells how far it is. A JSON array (up to 16 MiB), JSON Lines, CSV or XLSX, JSON Lines and CSV also packed with
        gzip; or a form with the field `file`. Columns may be those of any layout of the dataset.
        """
        return cast(
            DeliveryOut,
            self._request(
                "POST",
                f"/api/v1/datasets/{quote(str(dataset), safe='')}/deliveries",
                body=body,
                headers={"Idempotency-Key": idempotency_key},
                content_type=content_type,
            ),
        )

    def list_datasets(
        self,
    ) -> DatasetsOut:
        """可报送的信息资源 / Datasets this client may deliver

        含各信息资源的 JSON Schema 地址。 / With the address of each dataset's JSON Schema.
        """
        return cast(
            DatasetsOut,
            self._request(
                "GET",
                "/api/v1/datasets",
            ),
        )

    def list_deliveries(
        self,
        *,
        dataset: str | None = None,
        state: str | None = None,
        page: int | None = None,
    ) -> DeliveriesOut:
        """本部门经接口报送的批次 / Own deliveries

        最新在前，每页 20 批。 / Deliveries of the department through the API, newest first, 20 a page.
        """
        return cast(
            DeliveriesOut,
            self._request(
                "GET",
                "/api/v1/deliveries",
                query={"dataset": dataset, "state": state, "page": page},
            ),
        )

    def get_delivery(
        self,
        number: str,
    ) -> DeliveryOut:
        """批次回执 / Receipt of a delivery

        处理到哪一步；入库后每一行的去向。其他部门的批次答复 404。 / How far it is, and once committed what became of every row. Another
        department's delivery answers 404.
        """
        return cast(
            DeliveryOut,
            self._request(
                "GET",
                f"/api/v1/deliveries/{quote(str(number), safe='')}",
            ),
        )

    def list_findings(
        self,
        number: str,
        *,
        page: int | None = None,
    ) -> FindingsOut:
        """逐行问题 / Findings of a delivery

        按文件中的顺序，每页 200 条。 / Remarks on its rows in the order of the file, 200 a page.
        """
        return cast(
            FindingsOut,
            self._request(
                "GET",
                f"/api/v1/deliveries/{quote(str(number), safe='')}/findings",
                query={"page": page},
            ),
        )

    def list_verify_items(
        self,
    ) -> ItemsOut:
        """可核验的事项 / Items this client may verify for

        每个事项的目的、可查范围和依据。 / Purpose, scope and basis of each item.
        """
        return cast(
            ItemsOut,
            self._request(
                "GET",
                "/api/v1/verify/items",
            ),
        )

    def verify_entity(
        self,
        code: str,
        *,
        purpose: str | None = None,
        item: str | None = None,
        case: str | None = None,
    ) -> VerifyOut:
        """核验一个主体 / Verify one entity

        按目的和事项答复适用的公示信息、名单和措施，各带依据、来源和截止日期；并写明答复所依据的数据和规则版本。代码已变更或主体已归并的，按现在的主体答复并说明。每次答复记一条查询记录，主体可以看到。 / Which
        public facts, list entries and measures apply for this purpose and item, each with basis, source and end, and
        the versions of data and rules that answered. A former or merged number is answered by the entity of today,
        and says so. Every answer leaves one row in the log of queries, which the subject can read.
        """
        return cast(
            VerifyOut,
            self._request(
                "GET",
                f"/api/v1/verify/{quote(str(code), safe='')}",
                query={"purpose": purpose, "item": item, "case": case},
            ),
        )

    def verify_batch(
        self,
        body: VerifyBatchIn,
    ) -> VerifyBatchOut:
        """核验一批主体 / Verify a batch

        一次最多 1000 个代码，按顺序逐个答复；不能答复的写明原因。每个答复各记一条查询记录。 / At most 1 000 numbers, answered in their order; one that has
        no answer says why. Every answer leaves a row of its own in the log of queries.
        """
        return cast(
            VerifyBatchOut,
            self._request(
                "POST",
                "/api/v1/verify",
                body=body,
            ),
        )

    def joint_vocabulary(
        self,
    ) -> VocabularyOut:
        """联合奖惩的代码 / Codes of joint work

        状态、消息、解除原因和理由的代码。 / Codes of states, messages, triggers and reasons.
        """
        return cast(
            VocabularyOut,
            self._request(
                "GET",
                "/api/v1/joint-work/vocabulary",
            ),
        )

    def list_joint_work(
        self,
        *,
        state: str | None = None,
        matter: str | None = None,
        page: int | None = None,
    ) -> JointListOut:
        """本单位的联合奖惩办理 / Joint work of this unit

        最久未变动的在前；按状态筛选，如 lift_due（待解除）。 / The longest unmoved first; narrowed by state, e.g. lift_due.
        """
        return cast(
            JointListOut,
            self._request(
                "GET",
                "/api/v1/joint-work",
                query={"state": state, "matter": matter, "page": page},
            ),
        )

    def decide_joint_work(
        self,
        body: DecisionIn,
        *,
        idempotency_key: str | None = None,
    ) -> JointOut:
        """记录决定（M3） / Record a decision (M3)

        工作人员对一项措施或激励作出的决定及理由；决定采取的须通过全部检验（MEA-01 至 MEA-11）。 / What an officer decided on one measure or incentive,
        with the reason; to apply it every test of the gate has to pass.
        """
        return cast(
            JointOut,
            self._request(
                "POST",
                "/api/v1/joint-work",
                body=body,
                headers={"Idempotency-Key": idempotency_key},
            ),
        )

    def get_joint_work(
        self,
        number: int,
    ) -> JointOut:
        """一件联合奖惩办理 / One piece of joint work

        全部消息按顺序列出。 / With every message in order.
        """
        return cast(
            JointOut,
            self._request(
                "GET",
                f"/api/v1/joint-work/{quote(str(number), safe='')}",
            ),
        )

    def execute_joint_work(
        self,
        number: int,
        body: ExecutionIn,
        *,
        idempotency_key: str | None = None,
    ) -> JointOut:
        """反馈执行情况（M4） / Feed back the execution (M4)

        执行日期和结果，须在十个工作日内反馈。 / Day and result, within ten working days.
        """
        return cast(
            JointOut,
            self._request(
                "POST",
                f"/api/v1/joint-work/{quote(str(number), safe='')}/execution",
                body=body,
                headers={"Idempotency-Key": idempotency_key},
            ),
        )

    def lift_joint_work(
        self,
        number: int,
        body: LiftingIn,
        *,
        idempotency_key: str | None = None,
    ) -> JointOut:
        """回执解除情况（M6） / Acknowledge the lifting (M6)

        收到解除通知（M5）后三个工作日内回执。 / Within three working days after the message M5.
        """
        return cast(
            JointOut,
            self._request(
                "POST",
                f"/api/v1/joint-work/{quote(str(number), safe='')}/lifting",
                body=body,
                headers={"Idempotency-Key": idempotency_key},
            ),
        )
