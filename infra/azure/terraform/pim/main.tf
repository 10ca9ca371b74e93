# Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
    }
  }
}

# Whoever has this identity can give anybody anything at the scope: no condition can limit what may be asked of PIM.
# Make it another one than the broker's, where roles by "method: pim" are and nowhere else.
variable "scope" {
  type        = string
  description = "Where it holds: /subscriptions/ID, or /providers/Microsoft.Management/managementGroups/NAME."
}

variable "principal_id" {
  type        = string
  description = "Object id of the service principal of the identity (an output of the identity module)."
}

data "azurerm_role_definition" "this" {
  role_definition_id = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
  scope              = var.scope
}

resource "azurerm_role_assignment" "pim" {
  scope              = var.scope
  principal_id       = var.principal_id
  principal_type     = "ServicePrincipal"
  role_definition_id = data.azurerm_role_definition.this.id
  description        = "Curfew asks Privileged Identity Management for active assignments."
}
